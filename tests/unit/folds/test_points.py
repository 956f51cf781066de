"""Points, roll-up and latest, against what one event after the other gives."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runstream_server.events.folds.flush import Flush
from runstream_server.events.folds.latest import fold_latest
from runstream_server.events.folds.points import fold_points
from runstream_server.events.folds.rollup import fold_rollup
from tests.unit.folds import oracle_points as oracle
from tests.unit.folds.batches import OTHER_RUN, RUN, Point, batch, metrics, record
from tests.unit.folds.oracle_log import Account
from tests.unit.folds.rows import flush, logged, plain_rows

_VALUES = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.5, -2.0, 1e308]
_STEPS = [-(2**63), -1025, -1024, -1, 0, 1, 1023, 1024, 5000, 2**63 - 1]

_points = st.builds(
    Point,
    key=st.sampled_from(["loss", "acc"]),
    step=st.sampled_from(_STEPS),
    timestamp=st.integers(0, 3),
    value=st.sampled_from(_VALUES),
    model_id=st.sampled_from(["", "m"]),
)
_records = st.lists(
    st.builds(
        lambda points, run, source, seq: record(
            metrics(*points), stream_id=run, source=source, seq=seq
        ),
        st.lists(_points, max_size=12),
        st.sampled_from([RUN, OTHER_RUN]),
        st.sampled_from(["", "rank=0", "rank=1"]),
        st.integers(1, 10**9),
    ),
    max_size=4,
)


@given(_records)
def test_folds_of_points_agree_with_the_plain_rule(records: list[bytes]) -> None:
    found = flush(records)
    series = oracle.series_points(Account(whole=logged(records)))
    # The same point of two models is told apart only by the table.
    assert {row[:6] for row in plain_rows(fold_points(found))} == {
        row[:6] for points in series.values() for row in points
    }
    assert sorted(plain_rows(fold_rollup(found)), key=str) == sorted(
        oracle.rollup_rows(series), key=str
    )
    assert sorted(plain_rows(fold_latest(found)), key=str) == sorted(
        oracle.latest_rows(series), key=str
    )


def test_rows_come_in_the_order_of_the_table() -> None:
    found = Flush(
        [
            batch(metrics(Point("b", 2, 0, 1.0), Point("a", 9, 0, 1.0), Point("b", 1, 0, 1.0))),
            batch(metrics(Point("a", -1, 0, 1.0)), offset=1, seq=2, source="rank=0"),
        ]
    )
    keys = [(key, source, step) for _, key, source, step, *_ in plain_rows(fold_points(found))]
    assert keys == sorted(keys)


def test_zero_has_no_sign_and_there_is_one_nan() -> None:
    other_nan = np.array([0x7FF8000000000001], dtype="<u8").view("<f8")[0]
    points = [Point("k", 1, 0, -0.0), Point("k", 2, 0, -math.nan), Point("k", 3, 0, other_nan)]
    values = fold_points(Flush([batch(metrics(*points))])).columns["value"]
    assert values.view("<u8").tolist() == [0, *np.array([np.nan] * 2).view("<u8").tolist()]


@pytest.mark.parametrize(
    ("step", "bucket"), [(0, 0), (1023, 0), (1024, 1), (-1, -1), (-1024, -1), (-1025, -2)]
)
def test_buckets_of_negative_steps_lie_below_zero(step: int, bucket: int) -> None:
    rows = fold_rollup(Flush([batch(metrics(Point("k", step, 0, 1.0)))]))
    assert rows.columns["bucket"].tolist() == [bucket]


def test_the_tie_is_made_from_names_alone() -> None:
    first = fold_points(Flush([batch(metrics(Point("k", 1, 0, 1.0, "m-1")))]))
    again = fold_points(
        Flush([batch(metrics(Point("k", 0, 0, 1.0), Point("k", 1, 0, 1.0, "m-1")), offset=9)])
    )
    assert first.columns["tie"].tolist() == again.columns["tie"].tolist()[1:]
    assert again.columns["tie"].tolist()[0] == 0


def test_many_series_stay_apart() -> None:
    points = [Point(f"k{key}", step, 0, float(key)) for step in range(3) for key in range(300)]
    rows = plain_rows(fold_points(Flush([batch(metrics(*points))])))
    assert len(rows) == 900
    assert all(row[1] == f"k{row[5]:.0f}" for row in rows)


def test_no_points_are_no_rows() -> None:
    empty = Flush([])
    assert [fold(empty).count for fold in (fold_points, fold_rollup, fold_latest)] == [0, 0, 0]


def test_series_that_no_point_uses_change_nothing() -> None:
    event = metrics(Point("b", 1, 2, 3.0), Point("d", 4, 5, 6.0))
    plain = event.metrics
    unused = type(plain)()
    for key in ("a", "b", "c", "d", "e"):
        unused.series.add(key=key)
    unused.key_index = np.array([1, 3], dtype="<u4").tobytes()
    unused.step, unused.timestamp, unused.value = plain.step, plain.timestamp, plain.value
    spread = type(event)(time_ms=event.time_ms, metrics=unused)
    for fold in (fold_points, fold_latest, fold_rollup):
        expected = plain_rows(fold(Flush([batch(event)], [], frozenset())))
        assert plain_rows(fold(Flush([batch(spread)], [], frozenset()))) == expected
