"""Histories as columns."""

from __future__ import annotations

from array import array
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

import runstream
from runstream.exceptions import MlflowException
from runstream.spool import series
from tests.unit.sdk.fakes import spooled

pytestmark = pytest.mark.usefixtures("agent")
Row = tuple[str, int, float, int]


def rows() -> list[Row]:
    return [(p.key, p.step, p.value, p.timestamp_ms) for p in spooled().points]


@pytest.mark.parametrize(
    "column",
    [list, tuple, np.array, lambda v: array("d", v), pd.Series,
     lambda v: np.array(v, "f4"), lambda v: np.array(v, ">f8"), lambda v: np.array([v, v]).T[:, 0],
     lambda v: [Decimal(item) for item in v]],
)  # fmt: skip
def test_values_of_many_kinds(column: Any) -> None:
    with runstream.start_run():
        runstream.log_metrics({"a": column([0.5, 1.5])}, step=[1, 2], timestamp=[10, 11])
    assert rows() == [("a", 1, 0.5, 10), ("a", 2, 1.5, 11)]


@pytest.mark.parametrize(
    "steps",
    [[1, 2], (1, 2), range(1, 3), np.array([1, 2]), np.array([1, 2], "i4"), np.array([1.0, 2.0]),
     np.array([1, 2], ">i8"), array("q", [1, 2]), pd.Series([1, 2]), [1.0, np.int64(2)]],
)  # fmt: skip
def test_steps_of_many_kinds(steps: Any) -> None:
    runstream.start_run()
    runstream.log_metrics({"a": [0.5, 1.5], "b": [2, 3]}, step=steps, timestamp=7)
    assert rows() == [("a", 1, 0.5, 7), ("a", 2, 1.5, 7), ("b", 1, 2.0, 7), ("b", 2, 3.0, 7)]


def test_not_finite_values_are_kept() -> None:
    runstream.log_metrics({"a": [float("nan"), float("inf")]}, step=[1, 2])
    assert [str(value) for _, _, value, _ in rows()] == ["nan", "inf"]


def test_times_that_are_zero_are_now() -> None:
    runstream.log_metrics({"a": [1, 2]}, step=[1, 2], timestamp=[0, 5])
    (first, second) = rows()
    assert first[3] > 1_600_000_000_000
    assert second[3] == 5


def test_to_another_run_and_of_a_model() -> None:
    run = runstream.MlflowClient().create_run("0")
    of = run.info.run_id
    runstream.log_metrics({"a": [1.0]}, step=[3], run_id=of, model_id="m-1", synchronous=False)
    (point,) = spooled().points
    assert (point.run_id, point.step, point.series.model_id) == (of, 3, "m-1")


def test_more_than_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(series, "COLUMN_PIECE_CELLS", 4)
    count = 10
    runstream.log_metrics({"a": np.arange(count) / 2}, step=np.arange(count), timestamp=9)
    assert rows() == [("a", i, i / 2, 9) for i in range(count)]


@pytest.mark.parametrize(
    ("metrics", "step", "timestamp"),
    [({"a": [1]}, [1, 2], None), ({"a": 1}, [1], None), ({"a": ["x"]}, [1], None),
     ({"a": [None]}, [1], None), ({"a": [[1]]}, [1], None), ({"a$": [1]}, [1], None),
     ({"a": [1]}, [1.5], None), ({"a": [1]}, [2**63], None), ({"a": [1]}, [None, "x"], None),
     ({"a": [1]}, [1], [-1]), ({"a": [1]}, [1], [1, 2]), ({"a": [1]}, [1], -1), ([1], [1], None),
     ({"a": [1, 2]}, 1, None), ({"a": [1, 2]}, None, None), ({"a": "12"}, [1, 2], None),
     ({"a": np.zeros((1, 1))}, [1], None)],
)  # fmt: skip
def test_what_is_refused_is_refused_whole(metrics: Any, step: Any, timestamp: Any) -> None:
    runstream.start_run()
    given: Any = metrics
    if isinstance(step, list) and isinstance(metrics, dict):
        given = {"good": [1] * len(step), **metrics}
    with pytest.raises(MlflowException) as caught:
        runstream.log_metrics(given, step=step, timestamp=timestamp)
    assert caught.value.error_code == "INVALID_PARAMETER_VALUE"
    assert rows() == []
