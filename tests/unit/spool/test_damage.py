"""Damaged files: what can be read is read, the rest is left out and named."""

from __future__ import annotations

import os

import pytest

from runstream.spool.folders import ScopeFolders
from runstream.spool.format import HEADER_BYTES
from runstream.spool.reader import SpoolReader
from tests.unit.spool.helpers import damage, dead, killed, kinds_of, numbers, steps_of


def test_damaged_cells_of_an_earlier_segment_are_left_out(one_folder: ScopeFolders) -> None:
    reader = dead(one_folder, points=5000)
    damage(reader.folders.active / "points.000000", HEADER_BYTES + 10 * 32, bytes(64))
    assert reader.adopt()
    assert steps_of(reader) == [*numbers(10), *numbers(4988, 12)]
    assert reader.damage == ["points.000000: 2 damaged cells are left out"]


def test_a_short_segment_is_read_as_far_as_it_goes(one_folder: ScopeFolders) -> None:
    reader = dead(one_folder, points=5000)
    os.truncate(reader.folders.active / "points.000000", HEADER_BYTES + 100 * 32 + 7)
    assert reader.adopt()
    assert steps_of(reader) == [*numbers(100), *numbers(5000 - 2046, 2046)]
    assert reader.damage == ["points.000000: 1946 cells are missing at its end"]


@pytest.mark.parametrize("how", ["header", "gone", "foreign", "folder"])
def test_a_lost_segment_does_not_hide_the_others(one_folder: ScopeFolders, how: str) -> None:
    reader = dead(one_folder, points=20_000)
    path = reader.folders.active / "points.000001"
    if how == "header":
        damage(path, 0, b"garbage")
    elif how == "foreign":
        path.write_bytes((reader.folders.active / "points.000000").read_bytes())
    else:
        path.unlink()
        if how == "folder":
            path.mkdir()
    fresh = SpoolReader(one_folder, reader.name)
    first_of_last = 2046 + (256 * 1024 - HEADER_BYTES) // 32
    expected = [*numbers(2046), *numbers(20_000 - first_of_last, first_of_last)]
    assert steps_of(fresh) == expected
    assert any("points.000001" in sentence for sentence in fresh.damage)
    fresh.release(10**9, 0)
    assert fresh.valid_cells() == 20_000


def test_a_damaged_frame_is_left_out(one_folder: ScopeFolders) -> None:
    reader = dead(one_folder, events=5)
    frames = reader.frames(0)
    events = reader.folders.active / "events.000000"
    damage(events, HEADER_BYTES + frames[3].start + 12, b"?")
    assert reader.adopt()
    assert [frame.start for frame in reader.frames(0)] == [
        frame.start for number, frame in enumerate(frames) if number != 3
    ]
    assert len(reader.damage) == 1
    assert "events.000000" in reader.damage[0]


def test_a_damaged_length_loses_the_rest_of_its_file(one_folder: ScopeFolders) -> None:
    reader = dead(one_folder, events=5)
    frames = reader.frames(0)
    events = reader.folders.active / "events.000000"
    damage(events, HEADER_BYTES + frames[3].start, b"\xff\xff\xff\xff")
    assert reader.adopt()
    assert [frame.start for frame in reader.frames(0)] == [frame.start for frame in frames[:3]]
    assert "damaged" in reader.damage[0]
    reader.append_frames([killed()])
    assert kinds_of(reader)[-1] == "run_closed"


def test_zeros_in_the_middle_are_no_seal(one_folder: ScopeFolders) -> None:
    reader = dead(one_folder, events=5)
    frames = reader.frames(0)
    events = reader.folders.active / "events.000000"
    damage(events, HEADER_BYTES + frames[3].start, bytes(40))
    assert reader.adopt()
    assert len(reader.frames(0)) == 3
    assert "damaged" in reader.damage[0]


def test_a_damaged_meta_is_a_value_error(one_folder: ScopeFolders) -> None:
    reader = dead(one_folder)
    damage(reader.folders.active / "meta", 20, b"????")
    with pytest.raises(ValueError, match="damaged"):
        SpoolReader(one_folder, reader.name)


def test_without_any_segment_or_events_there_is_nothing(one_folder: ScopeFolders) -> None:
    reader = dead(one_folder)
    for path in reader.folders.active.iterdir():
        if path.name != "meta":
            path.unlink()
    empty = SpoolReader(one_folder, reader.name)
    assert empty.adopt()
    assert (empty.valid_cells(), empty.cells(0, 9), empty.frames(0)) == (0, [], [])
    empty.append_frames([killed()])
    assert kinds_of(empty) == ["run_closed"]
