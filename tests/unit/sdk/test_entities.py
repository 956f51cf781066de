"""Entities: values with MLflow's names."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from runstream import entities
from runstream.entities import (
    Dataset,
    DatasetInput,
    Experiment,
    InputTag,
    LifecycleStage,
    Metric,
    PagedList,
    Param,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunStatus,
    RunTag,
    ViewType,
)
from runstream.exceptions import MlflowException


def a_run() -> Run:
    info = RunInfo("1" * 32, "0", "me", "FINISHED", 1, 2, "active", "mlflow-artifacts:/x", "name")
    data = RunData([Metric("loss", 0.5, 7, 3)], [Param("lr", "0.1")], [RunTag("a", "b")])
    dataset = DatasetInput(Dataset("d", "1", "local", "x"), [InputTag("context", "train")])
    return Run(info, data, RunInputs([dataset]))


def test_data_by_key() -> None:
    data = a_run().data
    assert data.metrics == {"loss": 0.5}
    assert data.params == {"lr": "0.1"}
    assert data.tags == {"a": "b"}
    assert data._metric_objs == [Metric("loss", 0.5, 7, 3)]


def test_entities_compare_and_pickle() -> None:
    run = a_run()
    assert pickle.loads(pickle.dumps(run)) == run == a_run()
    other = Run(run.info, RunData([Metric("loss", 0.6, 7, 3)]))
    assert other != run
    page = PagedList([run], "next")
    again = pickle.loads(pickle.dumps(page))
    assert again == page
    assert again.token == "next"
    assert page.to_list() == [run]
    assert page[0] == run
    assert page[:1] == [run]


def test_dictionaries() -> None:
    run = a_run()
    assert dict(run.info)["run_name"] == "name"
    assert set(dict(run.info)) >= {"run_id", "experiment_id", "status", "start_time", "end_time"}
    assert dict(run.data) == {"metrics": {"loss": 0.5}, "params": {"lr": "0.1"}, "tags": {"a": "b"}}
    assert run.to_dictionary()["info"] == dict(run.info)
    assert run.to_dictionary()["inputs"]["dataset_inputs"][0]["tags"] == {"context": "train"}
    assert dict(Experiment("1", "x"))["name"] == "x"


def test_entities_do_not_change() -> None:
    with pytest.raises(AttributeError):
        a_run().info.status = "FAILED"  # type: ignore[misc]


def test_statuses() -> None:
    for name, number in (("RUNNING", 1), ("FINISHED", 3), ("KILLED", 5)):
        assert RunStatus.from_string(name) == number
        assert RunStatus.to_string(number) == name
    assert RunStatus.is_terminated("FAILED")
    assert not RunStatus.is_terminated(RunStatus.SCHEDULED)
    assert len(RunStatus.all_status()) == 5


def test_views() -> None:
    assert ViewType.from_string("all") == ViewType.ALL == 3
    assert ViewType.to_string(1) == "active_only"
    assert LifecycleStage.is_valid("deleted")


@pytest.mark.parametrize(
    ("call", "value"),
    [
        (RunStatus.from_string, "DONE"),
        (RunStatus.to_string, 9),
        (ViewType.from_string, "some"),
        (ViewType.to_string, 9),
    ],
)
def test_unknown_names_and_numbers(call: Any, value: Any) -> None:
    with pytest.raises(MlflowException, match=str(value)):
        call(value)


def test_everything_public_is_exported() -> None:
    assert all(hasattr(entities, name) for name in entities.__all__)
