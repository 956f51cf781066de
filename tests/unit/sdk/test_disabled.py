"""RUNSTREAM_MODE=disabled: everything works, nothing happens."""

from __future__ import annotations

from pathlib import Path

import pytest

import runstream
from runstream.exceptions import MlflowException


@pytest.fixture(autouse=True)
def _disabled(fresh: pytest.MonkeyPatch) -> None:
    fresh.setenv("RUNSTREAM_MODE", "disabled")


def test_a_training_script_runs_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "model").write_text("x")
    experiment = runstream.set_experiment("digits")
    with runstream.start_run() as run:
        assert run.info.experiment_id == experiment.experiment_id
        runstream.log_metric("a", 1.0, step=1)
        runstream.log_metric("a", 1)
        runstream.log_metric("a", 1.0, model_id="m")
        runstream.log_metrics({"a": 1.0, "b": 2}, step=1)
        runstream.log_param("a", 1, synchronous=True)
        runstream.set_tag("a", 1)
        runstream.log_artifact(tmp_path / "model")
        runstream.log_text("x", "y.txt")
        with runstream.start_run(nested=True) as child:
            assert child.data.tags["mlflow.parentRunId"] == run.info.run_id
    runstream.flush()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model"]


def test_reads_find_nothing() -> None:
    client = runstream.MlflowClient()
    assert runstream.search_runs(output_format="list") == []
    assert client.search_experiments() == []
    assert client.get_experiment_by_name("x") is None
    assert client.get_metric_history("1" * 32, "a") == []
    with pytest.raises(MlflowException, match="disabled") as error:
        client.get_run("1" * 32)
    assert error.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_arguments_are_checked_still() -> None:
    with pytest.raises(MlflowException, match="value"):
        runstream.log_metric("a", "much")  # type: ignore[arg-type]
    with pytest.raises(MlflowException, match="key"):
        runstream.log_param("a*", 1)
    runstream.log_param("b", 1)
    with pytest.raises(MlflowException, match="Changing param values"):
        runstream.log_param("b", 2)
