from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from runstream.cli.plot import EMPTY, plot


def dots(lines: list[str]) -> int:
    return sum(
        (ord(letter) - EMPTY).bit_count()
        for line in lines
        for letter in line
        if EMPTY <= ord(letter) <= EMPTY + 0xFF
    )


def test_a_rising_line() -> None:
    top, bottom, axis, steps = plot([(0, 0.0), (7, 1.0)], width=4, height=2)
    assert top == "1 ┤\u2800\u2800⣠⠞"
    assert bottom == "0 ┤⣠⠞⠁\u2800"
    assert (axis, steps) == ("  └────", "   0  7")


def test_ends_are_named() -> None:
    lines = plot([(5, -2.0), (905, 3.5)], width=20, height=4)
    assert lines[0].startswith("3.5 ┤")
    assert lines[3].startswith(" -2 ┤")
    assert lines[-1].split() == ["5", "905"]


def test_a_spike_of_one_point_is_drawn() -> None:
    points = [(step, float(step == 500)) for step in range(100_000)]
    top, *_ = plot(points, 20, 4)
    assert dots([top]) > 0


def test_points_without_a_place_are_left_out() -> None:
    assert plot([(0, math.nan), (1, math.inf)]) == []
    assert plot([]) == []
    assert dots(plot([(0, math.nan), (1, 2.0)])) == 1


number = st.floats(allow_nan=True, allow_infinity=True)


@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), number), max_size=20))
def test_any_points_can_be_drawn(points: list[tuple[int, float]]) -> None:
    lines = plot(points, width=10, height=3)
    assert len(lines) == (5 if any(math.isfinite(value) for _, value in points) else 0)
