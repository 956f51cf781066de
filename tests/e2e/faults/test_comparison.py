"""The comparison finds what it is for: each kind of loss, made by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.faults.comparison import Found, differences, expected
from tests.e2e.faults.ledger import Noted
from tests.e2e.faults.streams import STATED, TIMED, Point, Stream

STREAM = Stream(trainer=3, number=0)
CALLS = 1000


def noted(calls: int = CALLS, *, ended: bool = True) -> Noted:
    return Noted(STREAM, "0" * 32, calls, ended)


def found(calls: int = CALLS, **changes: Any) -> Found:
    """The run as it is when all is well."""
    there = expected(noted(calls), calls, large=False)
    points = {
        # The time of the call, where it did not bring one.
        key: [point._replace(timestamp_ms=point.timestamp_ms or 5 + point.step) for point in series]
        for key, series in there.points.items()
    }
    whole = Found(
        name=STREAM.name,
        status=STREAM.status,
        experiment="1",
        verdict="",
        points=points,
        latest={key: series[-1].value for key, series in points.items()},
        tags={**there.tags, "mlflow.user": "ada"},
        params=there.params,
        artifacts=there.artifacts,
    )
    return dataclasses.replace(whole, **changes)


def problems(run: Noted, there: Found) -> str:
    return "; ".join(differences(run, there, large=False))


def test_a_run_that_is_whole() -> None:
    there = found()
    assert there.tags.keys() > {"tag-0", "stage"}
    assert len(there.artifacts) > 1
    assert problems(noted(), there) == ""


Series = list[Point]
_MUTATIONS: dict[str, Callable[[Series], Series]] = {
    "lost": lambda series: series[:7] + series[8:],
    "doubled": lambda series: [*series[:8], series[7], *series[8:]],
    "out of order": lambda series: [series[1], series[0], *series[2:]],
    "not logged": lambda series: [series[0]._replace(value=0.5), *series[1:]],
}


@pytest.mark.parametrize("key", [TIMED, STATED[0]])
@pytest.mark.parametrize("what", _MUTATIONS)
def test_points(what: str, key: str) -> None:
    whole = found().points
    there = found(points={**whole, key: _MUTATIONS[what](list(whole[key]))})
    assert what in problems(noted(), there)


def test_a_series_that_is_gone() -> None:
    whole = dict(found().points)
    del whole[TIMED]
    assert "lost" in problems(noted(), found(points=whole))


def test_a_stated_time_that_is_another() -> None:
    whole = found().points
    late = [point._replace(timestamp_ms=1) for point in whole[STATED[1]]]
    assert problems(noted(), found(points={**whole, STATED[1]: late}))


@pytest.mark.parametrize("what", ["tags", "params", "artifacts"])
def test_an_entry_that_is_gone_or_another(what: str) -> None:
    whole = dict(getattr(found(), what))
    other, lost = {**whole}, {**whole}
    key = next(iter(whole))
    other[key] = "?"
    del lost[key]
    assert f"lost ['{key}']" in problems(noted(), changed(what, lost))
    problem = problems(noted(), changed(what, other))
    assert f"{key}=" in problem.partition("other [")[2]


def changed(what: str, value: dict[str, Any]) -> Found:
    changes: dict[str, Any] = {what: value}
    return dataclasses.replace(found(), **changes)


def test_a_deleted_tag_that_is_there() -> None:
    tags = {**found().tags, "fleeting": "x"}
    assert "not logged ['fleeting']" in problems(noted(), found(tags=tags))


def test_status_verdict_and_latest_value() -> None:
    assert "status RUNNING" in problems(noted(), found(status="RUNNING"))
    assert "open" in problems(noted(), found(verdict="open"))
    assert "latest" in problems(noted(), found(latest={}))


def test_of_a_killed_trainer_one_more_call_may_be_there() -> None:
    for calls in (127, 128, 129, 191, 192):  # a tag, points, an artifact
        killed = noted(calls, ended=False)
        assert problems(killed, found(calls, status="KILLED")) == ""
        assert problems(killed, found(calls + 1, status="KILLED")) == ""
        assert problems(killed, found(calls + 2, status="KILLED"))
        assert problems(killed, found(calls - 1, status="KILLED"))
        assert problems(noted(calls), found(calls + 1))
