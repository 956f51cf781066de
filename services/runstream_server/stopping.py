"""Why and when a process ends.

A client library may hold a thread for a minute while its server is away, and no
call of ours can take it back. So the end has a limit: whoever is not through with
it by then is ended as a crash would end it, which every promise survives.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator

_ENDING = (signal.SIGTERM, signal.SIGINT)

#: Nothing is in hand yet: there is only waiting to be broken off.
STARTING_SECONDS = 2.0
#: Calls in hand get five seconds, and then a flush or an append a moment.
ENDING_SECONDS = 10.0


class Stop:
    """Why the process ends: a signal, or a fault.

    status: what the process exits with when the limit ended it after a signal.
    """

    def __init__(self, status: int = 0) -> None:
        self.event = threading.Event()
        self.reason = ""
        self._status = status
        self._limit_seconds: float | None = None
        self._forcing = threading.Lock()

    def limit(self, seconds: float) -> None:
        """From now on an end takes no longer than this: the process exits at once then."""
        self._limit_seconds = seconds

    def fault(self, reason: str) -> None:
        self.reason = self.reason or reason
        self._set()

    def wait(self, timeout_seconds: float) -> bool:
        return self.event.wait(timeout_seconds)

    @contextlib.contextmanager
    def on_signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT end the process in good order; the second, at once."""

        def handle(number: int, _frame: object) -> None:
            if self.event.is_set():
                signal.signal(number, signal.SIG_DFL)
                os.kill(os.getpid(), number)
            self._set()

        before = {number: signal.signal(number, handle) for number in _ENDING}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _set(self) -> None:
        self.event.set()
        if self._limit_seconds is not None and self._forcing.acquire(blocking=False):
            # Up to the very end: also while the interpreter waits for threads.
            threading.Thread(
                target=self._force, args=(self._limit_seconds,), name="last-moment", daemon=True
            ).start()

    def _force(self, seconds: float) -> None:
        time.sleep(seconds)
        if self.reason:
            print(f"Error: {self.reason}", file=sys.stderr)
        print(
            f"Ended after {seconds:.0f} s without waiting for what was still in hand; what was "
            "acknowledged is safe, and the rest is done again.",
            file=sys.stderr,
            flush=True,
        )
        os._exit(1 if self.reason else self._status)
