"""Records cut into flushes."""

from __future__ import annotations

from runstream_server.eventlog.port import Record
from runstream_server.materialize.records import parts
from tests.unit.folds.batches import Point, metrics, record

TEN = record(metrics(*(Point("k", step, 1, 1.0) for step in range(10))))


def test_a_part_has_at_most_so_many_rows() -> None:
    found = list(parts([Record(0, offset, TEN) for offset in range(5)], rows_max=20))
    assert [part.rows for part in found] == [20, 20, 10]
    assert [part.next_offsets for part in found] == [{0: 2}, {0: 4}, {0: 5}]


def test_a_large_record_gets_through() -> None:
    assert [part.records for part in parts([Record(0, 0, TEN), Record(1, 0, TEN)], 3)] == [1, 1]


def test_what_is_no_batch_is_set_aside_and_passed() -> None:
    (part,) = parts([Record(0, 0, b"garbage"), Record(1, 7, TEN)], 100)
    assert [(one.partition, one.offset) for one in part.refused] == [(0, 0)]
    assert part.refused[0].reason.startswith("undecodable: ")
    assert (part.next_offsets, len(part.batches)) == ({0: 1, 1: 8}, 1)


def test_nothing_read_is_no_part() -> None:
    assert list(parts([], 10)) == []
