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


def test_halves_together_are_the_part() -> None:
    records = [Record(0, 0, b"garbage"), *(Record(n % 2, 1 + n, TEN) for n in range(5))]
    (part,) = parts(records, 100)
    first, second = part.halves()
    assert [*first.batches, *second.batches] == part.batches
    assert (first.refused, second.refused) == (part.refused, [])
    assert (first.next_offsets, second.next_offsets) == ({0: 2, 1: 3}, part.next_offsets)
    assert (first.records + second.records, first.rows + second.rows) == (6, 50)


def test_poison_is_taken_out_with_its_reason() -> None:
    (part,) = parts([Record(0, offset, TEN) for offset in range(3)], 100)
    rest = part.without({1: "bad"})
    assert [batch.offset for batch in rest.batches] == [0, 2]
    assert [batch.offset for batch in rest.poison] == [1]
    assert [(one.offset, one.reason) for one in rest.refused] == [(1, "bad")]
    assert rest.next_offsets == {0: 3}
