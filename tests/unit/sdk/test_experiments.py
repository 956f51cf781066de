"""Choosing experiments, and what is asked of the registry."""

from __future__ import annotations

import logging
import os

import pytest

import runstream
from runstream import _experiment_choice
from runstream._ids import provisional_experiment_id
from runstream.entities import Experiment
from runstream.exceptions import MlflowException
from runstream.v1 import ingest_pb2, tracking_pb2
from tests.unit.sdk.fakes import FakeAgent, spooled

pytestmark = pytest.mark.usefixtures("agent")


def answer(stage: str = "active", name: str = "digits") -> ingest_pb2.ExperimentResponse:
    return ingest_pb2.ExperimentResponse(experiment=message(stage, name))


def message(stage: str = "active", name: str = "digits") -> tracking_pb2.Experiment:
    return tracking_pb2.Experiment(
        experiment_id="5",
        name=name,
        lifecycle_stage=stage,
        artifact_location="mlflow-artifacts:/5",
        creation_time=1,
        last_update_time=2,
    )


def created_in() -> tuple[str, str]:
    """Id and name that a new run is spooled with."""
    with runstream.start_run() as run:
        pass
    created = spooled().of(run.info.run_id)[0].run_created
    return created.experiment_id, created.experiment_name


def test_set_experiment_by_name(agent: FakeAgent) -> None:
    agent.answer("Ingest/EnsureExperiment", answer())
    assert runstream.set_experiment("digits") == Experiment(
        "5", "digits", "mlflow-artifacts:/5", "active", {}, 1, 2
    )
    assert created_in() == ("5", "")
    assert os.environ["RUNSTREAM_EXPERIMENT_ID"] == "5"


def test_set_experiment_by_id(agent: FakeAgent) -> None:
    agent.answer("Query/GetExperiment", message())
    assert runstream.set_experiment(experiment_id=5).name == "digits"
    assert created_in() == ("5", "")


def test_without_an_answer_the_name_is_spooled(
    agent: FakeAgent, caplog: pytest.LogCaptureFixture
) -> None:
    runstream.set_tracking_uri("http://localhost:5000")
    with caplog.at_level(logging.WARNING, "runstream"):
        experiment = runstream.set_experiment("digits")
    assert experiment.experiment_id == provisional_experiment_id("digits")
    assert len(caplog.records) == 1
    assert agent.timeouts[0] < 5
    assert created_in() == ("", "digits")
    assert os.environ["RUNSTREAM_EXPERIMENT_NAME"] == "digits"
    _experiment_choice.forget()
    assert created_in() == ("", "digits")


def test_offline_does_not_ask(agent: FakeAgent, fresh: pytest.MonkeyPatch) -> None:
    fresh.setenv("RUNSTREAM_MODE", "offline")
    assert len(runstream.set_experiment("digits").experiment_id) == 18
    assert not agent.requests
    with pytest.raises(MlflowException, match="offline"):
        runstream.get_experiment("5")


@pytest.mark.parametrize("by", [{"experiment_name": "digits"}, {"experiment_id": "5"}])
def test_a_deleted_experiment_is_not_chosen(agent: FakeAgent, by: dict[str, str]) -> None:
    agent.answer("Ingest/EnsureExperiment", answer("deleted"))
    agent.answer("Query/GetExperiment", message("deleted"))
    with pytest.raises(MlflowException, match="Cannot set a deleted experiment") as error:
        runstream.set_experiment(**by)
    assert error.value.error_code == "INVALID_PARAMETER_VALUE"
    assert created_in() == ("0", "")


def test_exactly_one_of_name_and_id() -> None:
    for by in ({}, {"experiment_name": "a", "experiment_id": "1"}):
        with pytest.raises(MlflowException, match="exactly one"):
            runstream.set_experiment(**by)


@pytest.mark.parametrize(
    ("environ", "spooled_as"),
    [
        ({}, ("0", "")),
        ({"MLFLOW_EXPERIMENT_ID": "7"}, ("7", "")),
        ({"MLFLOW_EXPERIMENT_NAME": "n"}, ("", "n")),
        ({"RUNSTREAM_EXPERIMENT_ID": "7", "MLFLOW_EXPERIMENT_NAME": "n"}, ("7", "")),
        ({"RUNSTREAM_EXPERIMENT_NAME": "m", "MLFLOW_EXPERIMENT_ID": "7"}, ("", "m")),
    ],
)
def test_the_environment_chooses(
    fresh: pytest.MonkeyPatch, environ: dict[str, str], spooled_as: tuple[str, str]
) -> None:
    for name, value in environ.items():
        fresh.setenv(name, value)
    assert created_in() == spooled_as


def test_at_another_server_the_name_counts(agent: FakeAgent) -> None:
    agent.answer("Ingest/EnsureExperiment", answer())
    runstream.set_experiment("digits")
    runstream.set_tracking_uri("http://elsewhere:5000")
    assert created_in() == ("", "digits")


def test_create_experiment(agent: FakeAgent) -> None:
    agent.answer("Ingest/CreateExperiment", answer())
    assert runstream.create_experiment("digits", "some/folder", {"a": 1}) == "5"
    (content,) = agent.asked("Ingest/CreateExperiment")
    request = ingest_pb2.CreateExperimentRequest.FromString(content)
    assert len(request.claim_id) == 16
    assert request.artifact_location == f"file://{os.getcwd()}/some/folder"
    assert [(tag.key, tag.value) for tag in request.tags] == [("a", "1")]


@pytest.mark.parametrize("location", ["gs://b/x", "dbfs:/x", "wasbs://x"])
def test_places_that_nobody_writes_to_are_refused(location: str) -> None:
    with pytest.raises(MlflowException, match="artifact_location"):
        runstream.create_experiment("digits", location)


def test_refusals_of_the_server_are_raised(agent: FakeAgent) -> None:
    agent.refuse("Ingest/CreateExperiment", "RESOURCE_ALREADY_EXISTS", "Experiment 'a' exists")
    with pytest.raises(MlflowException, match="Experiment 'a' exists") as error:
        runstream.create_experiment("a")
    assert error.value.error_code == "RESOURCE_ALREADY_EXISTS"


def test_the_server_away_is_an_error() -> None:
    with pytest.raises(MlflowException, match="in the spool") as error:
        runstream.create_experiment("a")
    assert error.value.error_code == "TEMPORARILY_UNAVAILABLE"


def test_get_experiment_by_name(agent: FakeAgent) -> None:
    agent.refuse("Query/GetExperimentByName", "RESOURCE_DOES_NOT_EXIST", "none")
    assert runstream.get_experiment_by_name("digits") is None
    agent.answer("Query/GetExperimentByName", message())
    found = runstream.get_experiment_by_name("digits")
    assert found is not None
    assert found.experiment_id == "5"


def test_search_experiments_follows_pages(agent: FakeAgent) -> None:
    def page(content: bytes) -> tracking_pb2.SearchExperimentsResponse:
        request = tracking_pb2.SearchExperimentsRequest.FromString(content)
        token = "" if request.page_token else "next"
        return tracking_pb2.SearchExperimentsResponse(
            experiments=[message(name=request.page_token or "first")], next_page_token=token
        )

    agent.answer("Query/SearchExperiments", page)
    assert [e.name for e in runstream.search_experiments()] == ["first", "next"]
    assert [e.name for e in runstream.search_experiments(max_results=1)] == ["first"]
    client = runstream.MlflowClient()
    assert client.search_experiments().token == "next"
    assert client.search_experiments(page_token="next").token is None


def test_changes_of_experiments(agent: FakeAgent) -> None:
    changes = "TagExperiment", "RenameExperiment", "DeleteExperiment", "RestoreExperiment"
    for method in changes:
        agent.answer(f"Ingest/{method}", answer())
    client = runstream.MlflowClient()
    runstream.set_experiment_tag("a", 1)
    client.set_experiment_tag("5", "b", 2)
    client.delete_experiment_tag(5, "b")
    client.rename_experiment("5", "new")
    runstream.delete_experiment("5")
    client.restore_experiment("5")
    tagged = [
        ingest_pb2.TagExperimentRequest.FromString(content)
        for content in agent.asked("Ingest/TagExperiment")
    ]
    assert [request.experiment_id for request in tagged] == ["0", "5", "5"]
    assert list(tagged[2].delete) == ["b"]
    assert all(agent.asked(f"Ingest/{method}") for method in changes)
    with pytest.raises(MlflowException, match="'value' exceeds the maximum length of 20000"):
        client.set_experiment_tag("5", "a", "v" * 20_001)
