"""How far the log was seen to reach: a broker that lost acknowledged records shows by it."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from runstream_server.eventlog.kafka.mending import MEND

#: Per topic and partition an offset.
Places = dict[tuple[str, int], int]


class Reached:
    """The furthest end of each partition that this process was told. Thread-safe.

    What is asked for later never ends earlier: `before` is taken before a
    question, and the answer is held against it, however many are under way.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._furthest: Places = {}

    def before(self) -> Places:
        """How far it reached until now."""
        with self._lock:
            return dict(self._furthest)

    def note(self, topic: str, ends: Mapping[int, int]) -> None:
        """Partitions reach at least so far."""
        with self._lock:
            for partition, end in ends.items():
                place = (topic, partition)
                self._furthest[place] = max(end, self._furthest.get(place, 0))


def lost(before: Places, topic: str, found: Mapping[int, int]) -> str:
    """What is wrong when something is found before what was reached; empty: nothing."""
    for partition, offset in sorted(found.items()):
        reached = before.get((topic, partition), 0)
        if offset < reached:
            return (
                f"partition {partition} of {topic} reached offset {reached}, and now goes on at "
                f"{offset}: it lost records that were acknowledged. Stop every process. {MEND}"
            )
    return ""
