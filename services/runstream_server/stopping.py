"""Why and when a process ends."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator

_ENDING = (signal.SIGTERM, signal.SIGINT)


class Stop:
    """Why the process ends: a signal, or a fault."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.reason = ""

    def fault(self, reason: str) -> None:
        self.reason = self.reason or reason
        self.event.set()

    def wait(self, timeout_seconds: float) -> bool:
        return self.event.wait(timeout_seconds)

    @contextlib.contextmanager
    def on_signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT end the process in good order; the second, at once."""

        def handle(number: int, _frame: object) -> None:
            if self.event.is_set():
                signal.signal(number, signal.SIG_DFL)
                os.kill(os.getpid(), number)
            self.event.set()

        before = {number: signal.signal(number, handle) for number in _ENDING}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
