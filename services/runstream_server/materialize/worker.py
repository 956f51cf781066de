"""A thread that runs until it is told to end, and keeps the error it ended by."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Worker:
    """Begins at once.

    work: gets an event and returns soon after that is set.
    """

    def __init__(self, name: str, work: Callable[[threading.Event], object]) -> None:
        self._work = work
        self._stop = threading.Event()
        #: What it ended by, if anything.
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def close(self) -> None:
        """Tell it to end and wait for that; idempotent."""
        self._stop.set()
        self._thread.join()

    def raise_error(self) -> None:
        """Raise what it ended by, if anything."""
        if self.error is not None:
            raise self.error

    def _run(self) -> None:
        try:
            self._work(self._stop)
        except Exception as error:
            self.error = error
