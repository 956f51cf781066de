"""A lock that nobody who waits can be kept from by one who comes again and again."""

from __future__ import annotations

import threading
from types import TracebackType


class FairLock:
    """Used with `with`. Who released it stands behind whoever waits already."""

    def __init__(self) -> None:
        self._turnstile = threading.Lock()
        self._lock = threading.Lock()

    def has_waiter(self) -> bool:
        return self._turnstile.locked()

    def __enter__(self) -> None:
        with self._turnstile:
            self._lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()
