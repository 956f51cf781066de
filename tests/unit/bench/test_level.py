"""When memory counts as level."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.bench.level import Sample, judge_capped, judge_level, window_medians

MB = 1024**2


def samples(size: Callable[[int], float], seconds: int = 300) -> list[Sample]:
    return [Sample(float(at), int(size(at) * MB)) for at in range(seconds + 1)]


@pytest.mark.parametrize(
    ("size", "holds"),
    [
        (lambda _: 100.0, True),
        (lambda at: 100.0 + 400 * (at < 50), True),  # only the start
        (lambda at: 100.0 + 200 * (at % 10 == 0), True),  # peaks of flushes
        (lambda at: 100.0 + at / 5, False),  # a leak
        (lambda at: 100.0 - 30 * (at > 200), False),
    ],
)
def test_level_is_what_stays_within_a_tenth(size: Callable[[int], float], holds: bool) -> None:
    assert judge_level("agent", samples(size), 60.0).holds is holds


def test_too_short_is_not_level() -> None:
    assert not judge_level("agent", samples(lambda _: 100.0, 80), 60.0).holds
    assert not judge_level("agent", [], 60.0).holds


def test_the_rest_of_a_window_does_not_count() -> None:
    assert window_medians(samples(lambda at: float(at >= 60), 65)) == [0.0, MB * 0.0]


def test_a_cap_holds_at_all_times() -> None:
    peak = samples(lambda at: 1.0 + 5 * (at == 7))
    assert judge_capped("broker", peak, 6 * MB).text == "broker at most 6 MB of 6 MB"
    assert not judge_capped("broker", peak, 5 * MB).holds
