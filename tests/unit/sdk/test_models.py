"""Logged models: written without a server, looked up where they are not ours."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

import pytest

import runstream
from runstream.entities import LoggedModel, LoggedModelStatus
from runstream.exceptions import MlflowException
from runstream.v1 import events_pb2, ingest_pb2, tracking_pb2
from tests.unit.sdk.fakes import FakeAgent, spooled

MODEL = "m-" + "1" * 32


def kinds(model_id: str) -> list[str]:
    return [event.WhichOneof("kind") or "" for event in spooled().of(model_id)]


def answer(name: str = "net", **fields: Any) -> tracking_pb2.LoggedModel:
    return tracking_pb2.LoggedModel(
        model_id=MODEL, experiment_id="3", name=name, status=events_pb2.LOGGED_MODEL_READY, **fields
    )


def test_a_model_of_a_run_needs_no_server(agent: FakeAgent) -> None:
    with runstream.start_run(experiment_id="7") as run:
        model = runstream.initialize_logged_model(
            "net", tags={"team": "a"}, params={"lr": 0.1}, model_type="tree"
        )
        runstream.log_model_params({"lr": "other", "depth": 3}, model.model_id)
        runstream.set_logged_model_tags(model.model_id, {"x": 1})
        runstream.delete_logged_model_tag(model.model_id, "team")
        done = runstream.finalize_logged_model(model.model_id, "READY")
    assert agent.requests == []
    assert model.status is LoggedModelStatus.PENDING
    assert model.artifact_location == f"mlflow-artifacts:/7/models/{model.model_id}/artifacts"
    assert (model.source_run_id, model.experiment_id) == (run.info.run_id, "7")
    assert done.status is LoggedModelStatus.READY
    assert done.params == {"lr": "0.1", "depth": "3"}
    assert (done.tags["x"], "team" in done.tags) == ("1", False)
    assert done.tags["mlflow.source.type"] == "LOCAL"
    assert kinds(model.model_id) == [
        "logged_model_created",
        "logged_model_params",
        "logged_model_tags",
        "logged_model_params",
        "logged_model_tags",
        "logged_model_tags",
        "logged_model_updated",
    ]
    created = spooled().of(model.model_id)[0].logged_model_created
    assert (created.name, created.model_type, created.experiment_id) == ("net", "tree", "7")
    (definition,) = (one for one in spooled().runs if one.run_id == model.model_id)
    assert not definition.owned


@pytest.mark.usefixtures("agent")
def test_the_form_of_an_id_and_a_name() -> None:
    first, second = (runstream.initialize_logged_model() for _ in range(2))
    assert first.model_id.startswith("m-")
    assert len(first.model_id) == 34
    assert first.model_id != second.model_id
    assert first.name
    for name in ("a/b", "a:b", "a.b", "a%b", 'a"b', "a'b", "n" * 501):
        with pytest.raises(MlflowException, match="name"):
            runstream.initialize_logged_model(name)


@pytest.mark.usefixtures("agent")
def test_an_external_model_is_ready_at_once() -> None:
    model = runstream.create_external_model("elsewhere")
    assert model.status is LoggedModelStatus.READY
    assert model.tags["mlflow.model.isExternal"] == "true"


def test_a_model_of_others_is_looked_up_first(agent: FakeAgent) -> None:
    agent.refuse("Query/GetLoggedModel", "RESOURCE_DOES_NOT_EXIST", "not found")
    with pytest.raises(MlflowException, match="not found"):
        runstream.set_logged_model_tags(MODEL, {"a": "b"})
    agent.answer("Query/GetLoggedModel", answer(tags=[events_pb2.KeyValue(key="a", value="b")]))
    runstream.set_logged_model_tags(MODEL, {"a": "b"})
    runstream.set_logged_model_tags(MODEL, {"c": "d"})
    assert len(agent.asked("Query/GetLoggedModel")) == 2
    assert runstream.finalize_logged_model(MODEL, LoggedModelStatus.FAILED).tags == {"a": "b"}
    assert kinds(MODEL)[-1] == "logged_model_updated"


def test_without_a_server_the_log_decides(
    agent: FakeAgent, caplog: pytest.LogCaptureFixture
) -> None:
    runstream.set_logged_model_tags(MODEL, {"a": "b"})
    assert kinds(MODEL) == ["logged_model_tags"]
    assert "the log decides" in caplog.text


@pytest.mark.usefixtures("agent")
@pytest.mark.parametrize("status", ["PENDING", "nonsense", LoggedModelStatus.UNSPECIFIED, ""])
def test_refused_statuses(status: str) -> None:
    model = runstream.initialize_logged_model()
    with pytest.raises(MlflowException, match="Invalid model status"):
        runstream.finalize_logged_model(model.model_id, status)


@pytest.mark.usefixtures("agent")
@pytest.mark.parametrize("model_id", ["", "m-1", None, "1" * 32])
def test_refused_ids(model_id: str) -> None:
    for call in (
        lambda: runstream.get_logged_model(model_id),
        lambda: runstream.set_logged_model_tags(model_id, {}),
        lambda: runstream.MlflowClient().delete_logged_model(model_id),
    ):
        with pytest.raises(MlflowException, match="model_id"):
            call()


def test_reading(agent: FakeAgent) -> None:
    metric = tracking_pb2.Metric(key="acc", value=0.5, run_id="r", dataset_name="d", model_id=MODEL)
    agent.answer("Query/GetLoggedModel", answer(metrics=[metric], creation_time=5))
    model = runstream.get_logged_model(MODEL)
    assert model.metrics is not None
    assert (model.metrics[0].run_id, model.metrics[0].dataset_name) == ("r", "d")
    assert (model.model_uri, model.creation_timestamp) == (f"models:/{MODEL}", 5)
    assert runstream.last_logged_model() is None
    runstream.initialize_logged_model()
    assert runstream.last_logged_model() == model


def test_deleting_is_for_the_server_to_say(agent: FakeAgent) -> None:
    agent.answer("Query/GetLoggedModel", answer())
    agent.answer("Ingest/Append", ingest_pb2.AppendResponse())
    runstream.MlflowClient().delete_logged_model(MODEL)
    (sent,) = agent.asked("Ingest/Append")
    request = events_pb2.AppendRequest.FromString(sent)
    assert request.stream_id == request.events[0].logged_model_deleted.model_id == MODEL


def test_search(agent: FakeAgent) -> None:
    def page(content: bytes) -> tracking_pb2.SearchLoggedModelsResponse:
        request = tracking_pb2.SearchLoggedModelsRequest.FromString(content)
        more = "" if request.page_token else "next"
        return tracking_pb2.SearchLoggedModelsResponse(
            models=[answer("b" if request.page_token else "a")], next_page_token=more
        )

    agent.answer("Query/SearchLoggedModels", page)
    found = runstream.search_logged_models(
        ["3"],
        "name = 'x'",
        datasets=[{"dataset_name": "d"}],
        order_by=[{"field_name": "metrics.acc", "ascending": False, "dataset_name": "d"}],
        output_format="list",
    )
    models = cast("list[LoggedModel]", found)
    assert [model.name for model in models] == ["a", "b"]
    request = tracking_pb2.SearchLoggedModelsRequest.FromString(
        agent.asked("Query/SearchLoggedModels")[0]
    )
    assert (request.filter, request.datasets[0].name) == ("name = 'x'", "d")
    order = tracking_pb2.ModelOrder(field="metrics.acc", descending=True, dataset_name="d")
    assert list(request.order_by) == [order]
    table = runstream.search_logged_models(max_results=1)
    assert list(table["name"]) == ["a"]  # type: ignore[call-overload]
    assert list(table["status"]) == ["READY"]  # type: ignore[call-overload]
    client = runstream.MlflowClient()
    assert client.search_logged_models(["3"]).token == "next"
    for wrong in ({}, {"field_name": "a", "asc": True}):
        with pytest.raises(MlflowException, match="field_name"):
            client.search_logged_models(["3"], order_by=[wrong])
    with pytest.raises(MlflowException, match="dataset_name"):
        client.search_logged_models(["3"], datasets=[{"dataset_digest": "d"}])
    with pytest.raises(MlflowException, match="output format"):
        runstream.search_logged_models(output_format="x")


@pytest.mark.usefixtures("agent")
def test_artifacts_go_to_the_model(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "w.bin").write_bytes(b"abc")
    client = runstream.MlflowClient()
    model = client.create_logged_model("3", "net")
    client.log_model_artifact(model.model_id, tmp_path / "data" / "w.bin")
    client.log_model_artifacts(model.model_id, tmp_path)
    found = [(run, one.path) for run, one, _ in spooled().artifacts if one.path.endswith("w.bin")]
    assert found == [(model.model_id, "w.bin"), (model.model_id, "data/w.bin")]


def test_listing_artifacts(agent: FakeAgent) -> None:
    files = [tracking_pb2.FileInfo(path="a", file_size=3)]
    agent.answer("Query/ListArtifacts", tracking_pb2.ListArtifactsResponse(files=files))
    (file,) = runstream.MlflowClient().list_logged_model_artifacts(MODEL)
    assert (file.path, file.file_size) == ("a", 3)


class TestActiveModel:
    def test_points_belong_to_it_within_the_block(self, agent: FakeAgent) -> None:
        agent.answer("Query/GetLoggedModel", answer())
        runstream.start_run()
        runstream.log_metric("a", 1.0, step=1)
        with runstream.set_active_model(model_id=MODEL) as model:
            assert runstream.get_active_model_id() == model.model_id == MODEL
            runstream.log_metric("a", 1.0, step=2)
            runstream.log_metrics({"a": 1.0}, step=3)
        runstream.log_metric("a", 1.0, step=4)
        assert [point.series.model_id for point in spooled().points] == ["", MODEL, MODEL, ""]
        with pytest.raises(MlflowException, match="does not match"):
            runstream.set_active_model(model_id=MODEL, name="other")
        with pytest.raises(MlflowException, match="Either name or model_id"):
            runstream.set_active_model()

    def test_by_name_it_is_found_or_made(self, agent: FakeAgent) -> None:
        found = tracking_pb2.SearchLoggedModelsResponse(models=[answer()])
        agent.answer("Query/SearchLoggedModels", found)
        assert runstream.set_active_model(name="net").model_id == MODEL
        agent.answer("Query/SearchLoggedModels", tracking_pb2.SearchLoggedModelsResponse())
        made = runstream.set_active_model(name="new")
        assert made.tags["mlflow.model.isExternal"] == "true"
        assert runstream.get_active_model_id() == made.model_id
        runstream.clear_active_model()
        assert runstream.get_active_model_id() is None

    @pytest.mark.usefixtures("agent")
    def test_the_environment_names_one(self, fresh: pytest.MonkeyPatch) -> None:
        fresh.setenv("MLFLOW_ACTIVE_MODEL_ID", MODEL)
        runstream.start_run()
        runstream.log_metric("a", 1.0, step=2)
        assert runstream.get_active_model_id() == spooled().points[0].series.model_id == MODEL
        runstream.clear_active_model()
        assert "MLFLOW_ACTIVE_MODEL_ID" not in os.environ
        runstream.log_metric("a", 1.0, step=3)
        assert spooled().points[1].series.model_id == ""
        with pytest.raises(MlflowException, match="model_id"):
            runstream.log_model_params({"p": 1})
