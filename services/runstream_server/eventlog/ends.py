"""Where a log ends, shared between who appends and who waits for more."""

from __future__ import annotations

import threading
from collections.abc import Mapping


class Ends:
    """End offsets per partition of one log in this process. Thread-safe."""

    def __init__(self, offsets: Mapping[int, int]) -> None:
        self._offsets = dict(offsets)
        self._changed = threading.Condition()

    def now(self) -> dict[int, int]:
        """The ends; everything below them can be read."""
        with self._changed:
            return dict(self._offsets)

    def move(self, offsets: Mapping[int, int]) -> None:
        """Everything below these can be read from now on."""
        with self._changed:
            self._offsets.update(offsets)
            self._changed.notify_all()

    def wait_beyond(self, offsets: Mapping[int, int], timeout_seconds: float) -> dict[int, int]:
        """The ends, as soon as one lies beyond its offset here, or after the time-out."""
        with self._changed:
            self._changed.wait_for(lambda: self._any_beyond(offsets), timeout_seconds)
            return dict(self._offsets)

    def _any_beyond(self, offsets: Mapping[int, int]) -> bool:
        return any(self._offsets[partition] > offset for partition, offset in offsets.items())
