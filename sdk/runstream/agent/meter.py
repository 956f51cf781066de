"""How far the uploads under way are. Thread-safe."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Meter:
    """One upload: where to, what, how much of it."""

    tracking_uri: str
    what: str
    total_bytes: int
    done_bytes: int = 0


class Meters:
    """All of an agent."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._under_way: list[Meter] = []

    def begin(self, meter: Meter) -> Callable[[int], None]:
        """Count an upload from now on; gets bytes, less than 0 when some go again."""

        def count(more: int) -> None:
            with self._guard:
                meter.done_bytes += more

        with self._guard:
            self._under_way.append(meter)
        return count

    def end(self, meter: Meter) -> None:
        """It is over, well or not."""
        with self._guard:
            self._under_way.remove(meter)

    def largest(self, tracking_uri: str) -> Meter | None:
        """What somebody who waits for that URI (empty: for all) waits for longest."""
        with self._guard:
            found = [m for m in self._under_way if tracking_uri in ("", m.tracking_uri)]
            return max(found, key=lambda meter: meter.total_bytes, default=None)
