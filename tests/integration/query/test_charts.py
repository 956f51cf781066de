"""Charts against plain Python, from the roll-up and from the points."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runstream.v1 import tracking_pb2 as tracking
from runstream_server.errors import ServiceError
from runstream_server.query.service import QueryService
from runstream_server.service import CallContext
from tests.integration.query.tables import Tables, run_id

RUN = run_id(9)
STEP, TIME = tracking.CHART_AXIS_STEP, tracking.CHART_AXIS_TIME

# (source, step, timestamp, value)
Point = tuple[str, int, int, float]


class Bucket(NamedTuple):
    start: int
    first_at: int
    first: float
    last_at: int
    last: float
    minimum: float
    maximum: float
    flags: int


def decode(chart: tracking.Chart) -> list[Bucket]:
    whole = {name: np.frombuffer(getattr(chart, name), "<i8").tolist() for name in _PLACES}
    real = {name: np.frombuffer(getattr(chart, name), "<f8").tolist() for name in _VALUES}
    return [
        Bucket(*row)
        for row in zip(
            whole["bucket"],
            whole["first_at"],
            real["first"],
            whole["last_at"],
            real["last"],
            real["minimum"],
            real["maximum"],
            np.frombuffer(chart.flags, "u1").tolist(),
            strict=True,
        )
    ]


_PLACES = ("bucket", "first_at", "last_at", "minimum_at", "maximum_at")
_VALUES = ("first", "last", "minimum", "maximum")


def flag(value: float) -> int:
    if math.isfinite(value):
        return 8
    return 1 if math.isnan(value) else (2 if value > 0 else 4)


def expected(points: list[Point], axis: int, chart: tracking.Chart) -> list[Bucket]:
    """What buckets of that width have to hold, begun where the chart begins."""
    start = int(np.frombuffer(chart.bucket, "<i8")[0])
    groups: dict[int, list[tuple[int, int, float]]] = {}
    for _, step, time, value in points:
        at, other = (step, time) if axis == STEP else (time, step)
        number = (at - start) // chart.bucket_width
        groups.setdefault(start + number * chart.bucket_width, []).append((at, other, value))
    return [_bucket(begin, group) for begin, group in sorted(groups.items())]


def _bucket(start: int, group: list[tuple[int, int, float]]) -> Bucket:
    flags = 0
    for _, _, value in group:
        flags |= flag(value)
    finite = sorted(point for point in group if math.isfinite(point[2]))
    if not finite:
        return Bucket(start, start, math.nan, start, math.nan, math.nan, math.nan, flags)
    values = [value for _, _, value in finite]
    first, last = finite[0], finite[-1]
    return Bucket(
        start, first[0], first[2], last[0], last[2], min(values), max(values), flags
    )  # fmt: skip


def check_extremes(points: list[Point], axis: int, chart: tracking.Chart) -> None:
    """Where a chart says a value is, it is."""
    there = {
        (step if axis == STEP else time, value)
        for _, step, time, value in points
        if math.isfinite(value)
    }
    for name in _VALUES:
        places = np.frombuffer(getattr(chart, f"{name}_at"), "<i8").tolist()
        values = np.frombuffer(getattr(chart, name), "<f8").tolist()
        assert {pair for pair in zip(places, values, strict=True) if pair[1] == pair[1]} <= there


def ask(
    service: QueryService,
    ctx: CallContext,
    axis: tracking.ChartAxis = STEP,
    buckets: int = 0,
    **between: int | str,
) -> tracking.Chart:
    request = tracking.GetChartRequest(run_id=RUN, key="m", buckets=buckets, **between)  # type: ignore[arg-type]
    request.axis = axis
    return service.get_chart(request, ctx)


def write(tables: Tables, points: list[Point], parts: int = 2) -> None:
    tables.truncate("points", "rollup")
    for part in range(parts):
        rows = [(RUN, "m", *point) for point in points[part::parts]]
        if rows:
            tables.points(*rows)


_points = st.lists(
    st.tuples(
        st.sampled_from(["", "rank=1"]),
        st.sampled_from([-5000, -1024, -1, 0, 1, 1023, 1024, 3000, 9000, 200_000]),
        st.integers(0, 50),
        st.sampled_from([0.0, -1.5, 2.5, 1e300, math.inf, -math.inf, math.nan]),
    ),
    min_size=1,
    max_size=40,
    # Two values at one place of both axes have no order among them.
    unique_by=lambda point: (point[1], point[2]),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(points=_points, axis=st.sampled_from([STEP, TIME]), buckets=st.sampled_from([1, 3, 7, 1000]))
def test_buckets_are_those_of_the_points(
    tables: Tables,
    service: QueryService,
    ctx: CallContext,
    points: list[Point],
    axis: tracking.ChartAxis,
    buckets: int,
) -> None:
    write(tables, points)
    chart = ask(service, ctx, axis, buckets)
    assert len(chart.bucket) // 8 <= buckets
    assert repr(decode(chart)) == repr(expected(points, axis, chart))
    check_extremes(points, axis, chart)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(points=_points, ends=st.tuples(st.integers(-6000, 0), st.integers(1, 250_000)))
def test_the_ends_are_kept_exactly(
    tables: Tables,
    service: QueryService,
    ctx: CallContext,
    points: list[Point],
    ends: tuple[int, int],
) -> None:
    write(tables, points)
    chart = ask(service, ctx, STEP, 5, **{"from": ends[0], "to": ends[1]})
    within = [point for point in points if ends[0] <= point[1] <= ends[1]]
    if not within:
        assert not chart.bucket
        return
    assert repr(decode(chart)) == repr(expected(within, STEP, chart))


def test_the_roll_up_answers_when_buckets_are_wide(
    empty: Tables, service: QueryService, ctx: CallContext
) -> None:
    write(empty, [("", step, step, float(step % 77)) for step in range(0, 50_000, 50)])
    wide, narrow = ask(service, ctx, buckets=10), ask(service, ctx, buckets=1000)
    assert (wide.read_from, narrow.read_from) == ("rollup", "points")
    assert wide.bucket_width % 1024 == 0
    assert ask(service, ctx, TIME, 10).read_from == "points"


def test_all_points_on_one_step_are_ordered_by_time(
    empty: Tables, service: QueryService, ctx: CallContext
) -> None:
    write(empty, [("", 0, 3, 30.0), ("", 0, 1, 10.0), ("", 0, 2, 20.0)])
    (bucket,) = decode(ask(service, ctx))
    assert (bucket.first, bucket.last, bucket.minimum, bucket.maximum) == (10.0, 30.0, 10.0, 30.0)


def test_only_one_source(empty: Tables, service: QueryService, ctx: CallContext) -> None:
    write(empty, [("", 0, 1, 1.0), ("rank=1", 1, 1, 5.0)])
    (bucket,) = decode(ask(service, ctx, source="rank=1", buckets=1))
    assert (bucket.minimum, bucket.maximum) == (5.0, 5.0)
    (bucket,) = decode(ask(service, ctx, buckets=1))
    assert (bucket.minimum, bucket.maximum) == (1.0, 5.0)


@pytest.mark.parametrize("buckets", [1, 2, 1000])
def test_the_widest_range_of_steps(
    empty: Tables, service: QueryService, ctx: CallContext, buckets: int
) -> None:
    lowest, highest = -(2**63), 2**63 - 1
    write(empty, [("", lowest + 2048, 1, 1.0), ("", 0, 2, 2.0), ("", highest - 2048, 3, 3.0)])
    found = decode(ask(service, ctx, buckets=buckets))
    assert found[0].first == 1.0
    assert found[-1].last == 3.0


def test_nothing_to_show(empty: Tables, service: QueryService, ctx: CallContext) -> None:
    assert ask(service, ctx) == tracking.Chart()
    write(empty, [("", 5, 5, 1.0)])
    assert ask(service, ctx, STEP, 0, **{"from": 6}) == tracking.Chart()
    assert ask(service, ctx, to=4) == tracking.Chart()
    assert ask(service, ctx, STEP, 0, **{"from": 9, "to": 3}) == tracking.Chart()


def test_too_many_buckets(service: QueryService, ctx: CallContext) -> None:
    with pytest.raises(ServiceError, match="between 1 and 10000"):
        ask(service, ctx, buckets=10_001)
