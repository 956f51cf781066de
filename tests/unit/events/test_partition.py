"""The partition of a stream never changes: these values are for ever."""

from __future__ import annotations

from collections import Counter

from runstream_server.events.partition import partition_of


def test_known_values() -> None:
    assert [partition_of(f"{number:032x}", 4) for number in range(8)] == KNOWN
    assert partition_of("registry", 1) == 0


def test_streams_are_spread() -> None:
    counts = Counter(partition_of(f"{number:032x}", 4) for number in range(4000))
    assert min(counts.values()) > 850


KNOWN = [1, 3, 0, 3, 2, 0, 3, 2]
