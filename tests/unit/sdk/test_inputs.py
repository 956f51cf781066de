"""Inputs and outputs of runs, and what points belong to."""

from __future__ import annotations

import pytest

import runstream
from runstream._stack import local
from runstream.entities import (
    Dataset,
    DatasetInput,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
)
from runstream.exceptions import MlflowException
from runstream.v1 import events_pb2
from tests.unit.sdk.fakes import spooled

pytestmark = pytest.mark.usefixtures("agent")

DATA = Dataset("digits", "abc", "local", "x", schema="s")
OTHER = Dataset("digits", "def", "local", "x")
MODEL = "m-" + "1" * 32


def logged(run_id: str) -> list[events_pb2.DatasetInput]:
    return [item for event in spooled().of(run_id) for item in event.inputs.datasets]


def read_models(run_id: str) -> list[str]:
    return [model for event in spooled().of(run_id) for model in event.inputs.model_ids]


def owners() -> list[tuple[int, str]]:
    return [(point.step, point.series.model_id) for point in spooled().points]


def test_log_input_with_context_and_tags() -> None:
    run = runstream.start_run()
    runstream.log_input(DATA, context="training", tags={"fold": "1"}, model=LoggedModelInput(MODEL))
    (item,) = logged(run.info.run_id)
    assert item.dataset.schema == "s"
    assert {tag.key: tag.value for tag in item.tags} == {
        "fold": "1", "mlflow.data.context": "training",
    }  # fmt: skip
    assert read_models(run.info.run_id) == [MODEL]


def test_log_inputs_takes_lists_of_one_length() -> None:
    run = runstream.start_run()
    runstream.log_inputs([DATA, None, OTHER], ["a", None, None], [None, None, {"k": "v"}])
    assert [(item.dataset.digest, len(item.tags)) for item in logged(run.info.run_id)] == [
        ("abc", 1),
        ("def", 1),
    ]
    runstream.log_inputs()
    for contexts in ([], ["a"]):
        with pytest.raises(MlflowException, match="same length"):
            runstream.log_inputs([DATA], contexts)
    with pytest.raises(MlflowException, match="`dataset` must be specified"):
        runstream.log_input(context="training")


@pytest.mark.parametrize(
    "tag", [InputTag("", "v"), InputTag("k" * 256, "v"), InputTag("k", "v" * 501)]
)
def test_refused_tags_of_inputs(tag: InputTag) -> None:
    run = runstream.start_run()
    with pytest.raises(MlflowException, match=r"tag\."):
        runstream.MlflowClient().log_inputs(run.info.run_id, [DatasetInput(DATA, [tag])])
    assert logged(run.info.run_id) == []


def test_points_of_a_dataset_log_it_once() -> None:
    run = runstream.start_run()
    runstream.log_input(DATA, context="training")
    runstream.log_metric("acc", 0.5, step=1, dataset=DATA)
    runstream.log_metric("acc", 0.5, step=1, dataset=OTHER)
    assert [item.dataset.digest for item in logged(run.info.run_id)] == ["abc", "def"]


def test_points_at_the_step_of_an_output_belong_to_it() -> None:
    run = runstream.start_run()
    assert local.points is not None
    runstream.log_metric("acc", 0.1, step=1)
    runstream.log_outputs([LoggedModelOutput(MODEL, step=2)])
    assert local.points is None
    for step in (1, 2):
        runstream.log_metric("acc", 0.5, step=step)
    runstream.log_metrics({"a": 1.0}, step=2)
    runstream.log_metrics({"a": 1.0}, step=3)
    with pytest.raises(MlflowException, match="key"):
        runstream.log_metric("a*b", 1.0, step=3)
    assert owners() == [(1, ""), (1, ""), (2, MODEL), (2, MODEL), (3, "")]
    (outputs,) = (event.outputs for event in spooled().of(run.info.run_id) if event.outputs.models)
    assert [(model.model_id, model.step) for model in outputs.models] == [(MODEL, 2)]
    assert read_models(run.info.run_id) == []
    runstream.end_run()
    runstream.start_run()
    assert local.points is not None


def test_a_named_model_becomes_an_input_once() -> None:
    run = runstream.start_run()
    for step in (1, 2):
        runstream.log_metric("acc", 0.5, step=step, model_id=MODEL)
    assert read_models(run.info.run_id) == [MODEL]
    assert owners() == [(1, MODEL), (2, MODEL)]


def test_histories_are_divided_by_the_steps_of_outputs() -> None:
    runstream.start_run()
    runstream.log_outputs([LoggedModelOutput(MODEL, step=2)])
    runstream.log_metrics({"a": [1.0, 2.0, 3.0], "b": [4.0, 5.0, 6.0]}, step=[1, 2, 3])
    found = {(p.key, p.step, p.value, p.series.model_id) for p in spooled().points}
    assert found == {
        ("a", 1, 1.0, ""), ("a", 2, 2.0, MODEL), ("a", 3, 3.0, ""),
        ("b", 1, 4.0, ""), ("b", 2, 5.0, MODEL), ("b", 3, 6.0, ""),
    }  # fmt: skip
    runstream.log_metrics({"c": [1.0]}, step=[2], model_id="m-" + "2" * 32)
    assert spooled().points[-1].series.model_id == "m-" + "2" * 32


def test_log_outputs_of_another_run() -> None:
    run = runstream.start_run()
    client = runstream.MlflowClient()
    client.log_outputs(run.info.run_id, [LoggedModelOutput(MODEL, 3)])
    runstream.log_metric("acc", 1.0, step=3)
    assert owners() == [(3, MODEL)]
    with pytest.raises(MlflowException, match="model_id"):
        client.log_outputs(run.info.run_id, [object()])  # type: ignore[list-item]
