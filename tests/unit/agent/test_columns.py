from __future__ import annotations

import random
from array import array

from runstream.agent import columns
from runstream.spool.format import CELL, RUN_BIT, VOID_CELL


def cell(run: int, series: int, step: int, value: float, timestamp: int) -> bytes:
    return CELL.pack(run | RUN_BIT, series, step, value, timestamp)


def test_one_run_is_passed_on_without_a_copy() -> None:
    piece = memoryview(b"".join(cell(3, 0, step, 0.5, 1) for step in range(5)))
    assert columns.by_run(piece) == {3: [piece]}


def test_nothing_gives_nothing() -> None:
    assert columns.by_run(memoryview(b"")) == {}


def test_void_cells_are_left_out() -> None:
    assert columns.by_run(memoryview(VOID_CELL * 3)) == {}
    mixed = memoryview(cell(1, 0, 0, 1.0, 1) + VOID_CELL + cell(1, 0, 1, 1.0, 1))
    assert columns.by_run(mixed) == {1: [cell(1, 0, 0, 1.0, 1) + cell(1, 0, 1, 1.0, 1)]}


def test_interleaved_runs_keep_their_order() -> None:
    chance = random.Random(1)
    cells = [cell(chance.randrange(5), 0, step, 0.0, 1) for step in range(1000)]
    found = columns.by_run(memoryview(b"".join(cells)))
    for run in range(5):
        own = [c for c in cells if int.from_bytes(c[:4], "little") == run | RUN_BIT]
        assert b"".join(bytes(piece) for piece in found[run]) == b"".join(own)


def test_columns_of_several_pieces() -> None:
    points = [(series % 3, -series, series * 0.5, 10 + series) for series in range(7)]
    cells = [cell(2, *point) for point in points]
    made = columns.columns([memoryview(b"".join(cells[:4])), b"".join(cells[4:])])
    assert made.count == 7
    assert list(made.series) == [point[0] for point in points]
    assert made.step == array("q", [point[1] for point in points]).tobytes()
    assert made.value == array("d", [point[2] for point in points]).tobytes()
    assert made.timestamp == array("q", [point[3] for point in points]).tobytes()
    assert made.last_timestamp == 16
