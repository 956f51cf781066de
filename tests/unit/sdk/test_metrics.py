"""Points: the hot path, the long way, refusals."""

from __future__ import annotations

import math
import shutil
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import runstream
from runstream import _process
from runstream._stack import local
from runstream.entities import Dataset, DatasetInput
from runstream.exceptions import MlflowException
from runstream.v1 import spool_pb2
from tests.unit.sdk.fakes import FakeAgent, Point, spooled

pytestmark = pytest.mark.usefixtures("agent")


def points() -> list[Point]:
    return spooled().points


@pytest.mark.parametrize(
    ("value", "stored"),
    [(0.5, 0.5), (2, 2.0), (True, 1.0), ("1.5", 1.5), (Decimal("2.5"), 2.5), (np.float32(0.5), 0.5),
     (np.array([3.0]), 3.0), (-math.inf, -math.inf)],
)  # fmt: skip
@pytest.mark.parametrize("step", [None, 3, np.int64(3), 3.0])
def test_log_metric(value: Any, stored: float, step: Any) -> None:
    runstream.start_run()
    before = time.time_ns() // 1_000_000
    assert runstream.log_metric("loss", value, step=step) is None
    (point,) = points()
    assert (point.key, point.value, point.step) == ("loss", stored, 3 if step else 0)
    assert before <= point.timestamp_ms <= time.time_ns() // 1_000_000


def test_nan_is_kept() -> None:
    runstream.log_metric("loss", math.nan, step=1)
    assert math.isnan(points()[0].value)


@pytest.mark.parametrize("value", [None, "abc", [1.0], np.array([1.0, 2.0]), 10**400])
def test_refused_values_log_nothing(value: Any) -> None:
    runstream.start_run()
    with pytest.raises(MlflowException, match="for parameter 'value' supplied"):
        runstream.log_metric("loss", value, step=1)
    with pytest.raises(MlflowException, match="for parameter 'value' supplied"):
        runstream.log_metrics({"a": 1.0, "loss": value}, step=1)
    assert points() == []


@pytest.mark.parametrize("step", [1.5, 2**63, "1"])
def test_refused_steps_log_nothing(step: Any) -> None:
    runstream.start_run()
    with pytest.raises(MlflowException, match="for parameter 'step' supplied"):
        runstream.log_metric("loss", 1.0, step=step)
    with pytest.raises(MlflowException, match="for parameter 'step' supplied"):
        runstream.log_metrics({"loss": 1.0}, step=step)
    assert points() == []


@pytest.mark.parametrize("key", ["", None, "a*b", "../x", "x" * 251, 5, []])
def test_refused_keys_log_nothing(key: Any) -> None:
    runstream.start_run()
    with pytest.raises(MlflowException, match="key"):
        runstream.log_metric(key, 1.0, step=1)
    if key != []:
        with pytest.raises(MlflowException, match="key"):
            runstream.log_metrics({"a": 1.0, key: 1.0}, step=1)
    assert points() == []


def test_timestamps() -> None:
    runstream.start_run()
    runstream.log_metric("a", 1.0, timestamp=1234)
    runstream.log_metric("a", 1.0, timestamp=0)
    assert points()[0].timestamp_ms == 1234
    assert points()[1].timestamp_ms > 10**12
    with pytest.raises(MlflowException, match="timestamp"):
        runstream.log_metric("a", 1.0, timestamp=-1)


def test_log_metrics_has_one_step_and_time() -> None:
    runstream.start_run()
    runstream.log_metrics({"a": 1, "b": 2.5, "c": np.float64(3)}, step=7)
    runstream.log_metrics({"a": 1}, timestamp=99)
    runstream.log_metrics({})
    assert [(p.key, p.value, p.step) for p in points()] == [
        ("a", 1.0, 7), ("b", 2.5, 7), ("c", 3.0, 7), ("a", 1.0, 0),
    ]  # fmt: skip
    assert len({p.timestamp_ms for p in points()[:3]}) == 1
    assert points()[3].timestamp_ms == 99


def test_points_of_models_and_datasets_are_series_of_their_own() -> None:
    data = Dataset("digits", "abc", "local", "x")
    with runstream.start_run() as run:
        runstream.log_metric("acc", 0.5, step=1, model_id="m-1", dataset=data)
        runstream.log_metric("acc", 0.6, step=1, model_id="m-1", dataset=data)
        runstream.log_metric("acc", 0.7, step=1)
        runstream.log_metrics({"acc": 0.8}, step=2, model_id="m-2")
    found = spooled()
    assert [(p.value, p.series.model_id, p.series.dataset_name, p.series.dataset_digest)
            for p in found.points] == [
        (0.5, "m-1", "digits", "abc"), (0.6, "m-1", "digits", "abc"),
        (0.7, "", "", ""), (0.8, "m-2", "", ""),
    ]  # fmt: skip
    inputs = [
        e.inputs.datasets[0].dataset.name for e in found.of(run.info.run_id) if e.inputs.datasets
    ]
    assert inputs == ["digits"]


def test_log_inputs() -> None:
    run = runstream.start_run()
    data = Dataset("digits", "abc", "local", "x", schema="s")
    runstream.MlflowClient().log_inputs(run.info.run_id, datasets=[DatasetInput(data)])
    event = spooled().of(run.info.run_id)[-1]
    assert event.inputs.datasets[0].dataset.schema == "s"


def test_a_dataset_needs_a_name() -> None:
    with pytest.raises(MlflowException, match="name and a digest"):
        runstream.log_metric("a", 1.0, dataset=object())


def test_synchronous_waits_and_raises_refusals(agent: FakeAgent) -> None:
    runstream.start_run()
    agent.answer("flush", spool_pb2.AgentResponse())
    assert runstream.log_metric("a", 1.0, synchronous=True) is None
    assert len(agent.requests) == 1
    operations = runstream.log_metric("a", 2.0, synchronous=False)
    assert len(agent.requests) == 1
    agent.answer("flush", spool_pb2.AgentResponse(refusals=["a: no good"]))
    assert operations is not None
    with pytest.raises(MlflowException, match="a: no good"):
        operations.wait()
    assert [p.value for p in points()] == [1.0, 2.0]


def test_logging_goes_on_when_the_spool_is_taken_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    run = runstream.start_run()
    runstream.log_metric("a", 1.0, step=1)
    process = _process.this_process()
    spool = process.spool()
    shutil.rmtree(tmp_path / "spool")
    process.look_after(spool)  # as after a second of logging
    runstream.log_metric("a", 2.0, step=2)
    runstream.log_metric("a", 3.0, step=3)
    runstream.log_param("late", 1)
    runstream.end_run()
    found = spooled()
    assert [p.value for p in found.points] == [2.0, 3.0]
    assert found.params(run.info.run_id) == {"late": "1"}
    assert found.status(run.info.run_id) == "FINISHED"
    assert "removed while in use" in caplog.text
    assert local.points is None
