"""How other threads reach the agent's main thread: work to do there, and a wake-up."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable


class Mailbox:
    """`post` from any thread; `run` on the main thread only."""

    def __init__(self) -> None:
        self._work: deque[Callable[[], None]] = deque()
        self.read_fd, self._write_fd = os.pipe()
        os.set_blocking(self.read_fd, False)
        os.set_blocking(self._write_fd, False)

    def post(self, work: Callable[[], None]) -> None:
        """Have `work` called on the main thread soon; never blocks."""
        self._work.append(work)
        self.wake()

    def wake(self) -> None:
        """End the main thread's current wait."""
        with contextlib.suppress(BlockingIOError):  # the pipe is full: it is awake already
            os.write(self._write_fd, b"\0")

    def run(self) -> bool:
        """Do what was posted so far; whether there was anything."""
        with contextlib.suppress(BlockingIOError):  # empty
            while os.read(self.read_fd, 4096):
                pass
        some = bool(self._work)
        for _ in range(len(self._work)):
            self._work.popleft()()
        return some

    def close(self) -> None:
        """Give up the pipe; nothing may be posted any more."""
        os.close(self.read_fd)
        os.close(self._write_fd)
