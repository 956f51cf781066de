"""Is anybody using this server?"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Activity:
    """Counts the calls in hand, and knows when the last one ended. Thread-safe."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._open = 0
        self._last = clock()

    @contextmanager
    def call(self) -> Iterator[None]:
        """Somebody is served while the block runs."""
        with self._lock:
            self._open += 1
        try:
            yield
        finally:
            with self._lock:
                self._open -= 1
                self._last = self._clock()

    def idle_seconds(self) -> float:
        """Since when nobody is served; 0.0 while somebody is."""
        with self._lock:
            return 0.0 if self._open else self._clock() - self._last
