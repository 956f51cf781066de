"""One commit serves all that wait."""

from __future__ import annotations

import pytest

from runstream_server.eventlog.groups import Groups
from runstream_server.eventlog.port import EVENTS, LogUnavailableError, NewRecord


def _records(size: int) -> list[NewRecord]:
    return [NewRecord(0, b"x" * size)]


def _sizes(groups: Groups) -> list[int]:
    group = groups.take()
    assert group is not None
    return [append.size_bytes() for append in group]


def test_a_group_is_all_that_waits_up_to_a_size() -> None:
    groups = Groups(max_bytes=100)
    for size in (40, 50, 60, 70):
        groups.put(EVENTS, _records(size))
    assert _sizes(groups) == [40, 50, 60]
    assert _sizes(groups) == [70]


def test_a_large_append_is_a_group_of_its_own() -> None:
    groups = Groups(max_bytes=100)
    groups.put(EVENTS, _records(500))
    groups.put(EVENTS, _records(1))
    assert _sizes(groups) == [500]
    assert _sizes(groups) == [1]


def test_what_waits_at_the_close_is_still_given_out() -> None:
    groups = Groups(max_bytes=100)
    groups.put(EVENTS, _records(1))
    groups.put(EVENTS, _records(2))
    groups.close()
    groups.close()
    assert _sizes(groups) == [1, 2]
    assert groups.take() is None
    with pytest.raises(LogUnavailableError):
        groups.put(EVENTS, _records(3))
