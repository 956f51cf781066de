"""Who of a group reads which partitions.

The member that decides may have to before its client has heard of the topic.
The library then hands out nothing, and where what it heard arrives in the same
moment, never decides again: nobody would read, for good. How many partitions there
are was verified at the start and never changes, so it is told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor


class _Known:
    """The part of the library's knowledge of a cluster that assignors ask for."""

    def __init__(self, topic: str, partitions: int) -> None:
        self._topic = topic
        self._partitions = partitions

    def topics(self) -> set[str]:
        return {self._topic}

    def partitions_for_topic(self, topic: str) -> set[int] | None:
        return set(range(self._partitions)) if topic == self._topic else None


class TopicAssignor(CooperativeStickyAssignor):  # type: ignore[misc]
    """Deals out the partitions of one topic, heard of or not. For one client."""

    def __init__(self, topic: str, partitions: int) -> None:
        super().__init__()
        self._known = _Known(topic, partitions)

    def assign(self, _cluster: Any, members: Sequence[Any]) -> Mapping[str, Any]:
        """See the library."""
        assignment: Mapping[str, Any] = super().assign(self._known, members)
        return assignment
