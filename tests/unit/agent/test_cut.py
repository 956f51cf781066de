from __future__ import annotations

import random

import pytest

from runstream.agent.cut import Cursor, CutPolicy, FramePlace, Range, choose, pending_bytes
from runstream.agent.limits import POINT_BYTES

START = Cursor(0, 0)


def places(*frames: tuple[int, int]) -> list[FramePlace]:
    """Frames of (length, cells before)."""
    made, position = [], 0
    for length, cells in frames:
        made.append(FramePlace(position, position + length, cells))
        position += length
    return made


@pytest.mark.parametrize(
    ("size", "waited", "urgent", "due"),
    [
        (0, 9.0, True, False),
        (1, 0.0, True, True),
        (1, 0.0, False, False),
        (1, 0.05, False, True),
        (999, 0.0, False, False),
        (1000, 0.0, False, True),
    ],
)
def test_when_a_cut_is_due(size: int, waited: float, urgent: bool, due: bool) -> None:
    assert CutPolicy(target_bytes=1000, age_seconds=0.04).due(size, waited, urgent) is due


def test_everything_fits() -> None:
    frames = places((10, 0), (10, 5))
    assert choose(START, Cursor(9, 20), frames, 1000) == Range(START, Cursor(9, 20))


def test_cells_alone_are_cut_at_the_budget() -> None:
    chosen = choose(START, Cursor(100, 0), [], 10 * POINT_BYTES)
    assert chosen.stop == Cursor(10, 0)


def test_a_frame_behind_the_cut_cells_waits_for_the_next_cut() -> None:
    frames = places((10, 0), (10, 50))
    chosen = choose(START, Cursor(100, 20), frames, 20 * POINT_BYTES)
    assert chosen.stop == Cursor(20, 10)


def test_cells_stop_where_a_frame_did_not_fit() -> None:
    frames = places((10, 0), (5000, 3))
    chosen = choose(START, Cursor(100, 5010), frames, 10 + 50 * POINT_BYTES)
    assert chosen.stop == Cursor(3, 10)


def test_one_frame_longer_than_the_budget_goes_alone() -> None:
    frames = places((5000, 0))
    assert choose(START, Cursor(0, 5000), frames, 100).stop == Cursor(0, 5000)


def test_frames_that_were_not_handed_in_end_the_range() -> None:
    frames = places((10, 0))
    assert choose(START, Cursor(50, 900), frames, 10_000).stop == Cursor(0, 10)


def test_any_budget_walks_through_everything_in_order() -> None:
    chance = random.Random(7)
    for _ in range(200):
        cells, frames = 0, []
        for _ in range(chance.randrange(12)):
            cells += chance.choice([0, 0, 1, 7, 40])
            frames.append((chance.choice([9, 50, 400]), max(0, cells - chance.choice([0, 0, 2]))))
        made = places(*frames)
        visible = Cursor(cells + chance.randrange(60), sum(length for length, _ in frames))
        budget, at = chance.choice([1, 30, 300, 5000]), START
        while at != visible:
            rest = [place for place in made if place.start >= at.event_bytes]
            chosen = choose(at, visible, rest, budget)
            assert chosen.start == at
            assert not chosen.empty
            for place in made:
                if place.start >= chosen.stop.event_bytes:
                    # No cell written before an excluded frame's successor is lost: the
                    # frame may stand before cells of this cut only by clamping.
                    continue
                assert place.cells_before <= chosen.stop.cells
            at = chosen.stop


def test_pending_bytes() -> None:
    assert pending_bytes(Cursor(1, 10), Cursor(3, 15)) == 2 * POINT_BYTES + 5
