"""`MlflowClient`: the same by id."""

from __future__ import annotations

import struct

import pytest

import runstream
from runstream.entities import LoggedModelInput, Metric, Param, RunTag
from runstream.exceptions import MlflowException
from runstream.tracking import MlflowClient
from runstream.v1 import events_pb2, ingest_pb2, spool_pb2, tracking_pb2
from tests.unit.sdk.fakes import FakeAgent, spooled

OTHER = "cd" * 16


@pytest.fixture
def client(agent: FakeAgent) -> MlflowClient:
    return MlflowClient()


def existing(stage: str = "active") -> tracking_pb2.Run:
    return tracking_pb2.Run(info=tracking_pb2.RunInfo(run_id=OTHER, lifecycle_stage=stage))


def test_a_run_lives_until_it_is_terminated(client: MlflowClient) -> None:
    run = client.create_run(7, start_time=5, tags={"mlflow.user": "me", "a": 1}, run_name="by hand")
    assert (run.info.experiment_id, run.info.user_id, run.info.start_time) == ("7", "me", 5)
    assert runstream.active_run() is None
    client.update_run(run.info.run_id, name="renamed")
    client.set_terminated(run.info.run_id, "FAILED", end_time=9)
    found = spooled()
    assert not found.runs[0].owned
    assert found.runs[0].attempt_start_ms > 10**12
    assert found.tags(run.info.run_id) == run.data.tags
    *_, renamed, ended = found.of(run.info.run_id)
    assert renamed.run_updated.run_name == "renamed"
    assert ended.run_updated.status == events_pb2.FAILED
    assert ended.run_updated.end_time_ms == 9
    assert found.closed == [run.info.run_id]


def test_names_may_not_contradict(client: MlflowClient) -> None:
    with pytest.raises(MlflowException, match=r"mlflow.runName says 'b'"):
        client.create_run("0", tags={"mlflow.runName": "b"}, run_name="a")


def test_logging_by_id_joins_the_active_run(client: MlflowClient) -> None:
    with runstream.start_run() as run:
        client.log_metric(run.info.run_id, "a", 1.0, step=1)
        client.set_tag(run.info.run_id, "t", 1)
        client.delete_tag(run.info.run_id, "t")
        client.log_param(run.info.run_id, "p", 1)
        client.log_text(run.info.run_id, "x", "x.txt")
        client.set_terminated(run.info.run_id)
        assert runstream.active_run() is run
    found = spooled()
    assert len(found.runs) == 1
    assert found.closed == [run.info.run_id]
    assert found.params(run.info.run_id) == {"p": "1"}


def test_a_run_of_others_is_looked_up_once(agent: FakeAgent, client: MlflowClient) -> None:
    agent.answer("Query/GetRun", existing())
    for step in range(3):
        client.log_metric(OTHER, "a", 1.0, step=step)
    assert len(agent.requests) == 1
    assert len(spooled().points) == 3
    assert not spooled().runs[0].owned


@pytest.mark.parametrize(
    ("stage", "message"), [("deleted", "must be in the 'active' state"), ("", "not found")]
)
def test_writing_to_a_deleted_or_unknown_run(
    agent: FakeAgent, client: MlflowClient, stage: str, message: str
) -> None:
    if stage:
        agent.answer("Query/GetRun", existing(stage))
    else:
        agent.refuse("Query/GetRun", "RESOURCE_DOES_NOT_EXIST", "Run not found")
    with pytest.raises(MlflowException, match=message):
        client.set_tag(OTHER, "a", 1)
    assert spooled().runs == []


def test_with_the_server_away_the_log_decides(
    client: MlflowClient, caplog: pytest.LogCaptureFixture
) -> None:
    client.log_param(OTHER, "a", 1)
    client.log_param(OTHER, "b", 1)
    assert caplog.text.count("could not be looked up") == 1
    assert spooled().params(OTHER) == {"a": "1", "b": "1"}


def test_log_batch(client: MlflowClient) -> None:
    run = client.create_run("0")
    client.log_batch(
        run.info.run_id,
        metrics=[Metric("m", float(i), 100 + i, i) for i in range(2500)],
        params=[Param(f"p{i}", str(i)) for i in range(250)],
        tags=[RunTag("t", "1"), RunTag("t", "2")],
    )
    found = spooled()
    assert [(p.value, p.timestamp_ms, p.step) for p in found.points[:2]] == [
        (0, 100, 0),
        (1, 101, 1),
    ]
    assert len(found.points) == 2500
    assert len(found.params(run.info.run_id)) == 250
    assert found.tags(run.info.run_id)["t"] == "2"


@pytest.mark.parametrize(
    "batch",
    [
        {"metrics": [Metric("a", 1.0, 1), Metric("b*", 1.0, 1)]},
        {"params": [Param("a", "1"), Param("a", "1")]},
        {"params": [Param("fixed", "2")]},
        {"tags": [RunTag("", "1")]},
    ],
)
def test_a_batch_is_refused_whole(client: MlflowClient, batch: dict[str, object]) -> None:
    run = client.create_run("0")
    client.log_param(run.info.run_id, "fixed", "1")
    before = len(spooled().of(run.info.run_id))
    good = {
        "metrics": [Metric("x", 1.0, 1)],
        "params": [Param("x", "1")],
        "tags": [RunTag("x", "")],
    }
    with pytest.raises(MlflowException):
        client.log_batch(run.info.run_id, **{**good, **batch})  # type: ignore[arg-type]
    assert len(spooled().of(run.info.run_id)) == before
    assert spooled().points == []


def test_series_of_a_model(client: MlflowClient) -> None:
    run = client.create_run("0")
    client.log_metric(run.info.run_id, "a", 1, model_id="m", dataset_name="d", dataset_digest="x")
    series = spooled().points[0].series
    assert (series.model_id, series.dataset_name, series.dataset_digest) == ("m", "d", "x")
    client.log_inputs(run.info.run_id, models=[LoggedModelInput("m-1")])
    assert list(spooled().of(run.info.run_id)[-1].inputs.model_ids) == ["m-1"]


def test_history_follows_pages(agent: FakeAgent, client: MlflowClient) -> None:
    def page(content: bytes) -> tracking_pb2.MetricHistory:
        request = tracking_pb2.GetMetricHistoryRequest.FromString(content)
        step = int(request.page_token or 0)
        return tracking_pb2.MetricHistory(
            step=struct.pack("<2q", step, step + 1),
            timestamp=struct.pack("<2q", 10, 11),
            value=struct.pack("<2d", 0.5, float("inf")),
            sources=["", "rank=1"],
            source_index=struct.pack("<2I", 0, 1),
            series=[events_pb2.Series(key="a"), events_pb2.Series(key="a", model_id="m")],
            series_index=struct.pack("<2I", 1, 0),
            next_page_token="2" if not request.page_token else "",
        )

    agent.answer("Query/GetMetricHistory", page)
    points = client.get_metric_history(OTHER, "a")
    assert [point.step for point in points] == [0, 1, 2, 3]
    assert points[0] == Metric("a", 0.5, 10, 0, model_id="m", run_id=OTHER)
    assert points[1].source == "rank=1"


def test_delete_and_restore(agent: FakeAgent, client: MlflowClient) -> None:
    agent.answer("Query/GetRun", existing())
    agent.answer("Ingest/Append", ingest_pb2.AppendResponse())
    client.delete_run(OTHER)
    runstream.restore_run(OTHER)
    deleted, restored = map(events_pb2.AppendRequest.FromString, agent.asked("Ingest/Append"))
    assert deleted.events[0].WhichOneof("kind") == "run_deleted"
    assert restored.events[0].WhichOneof("kind") == "run_restored"
    assert (deleted.stream_id, deleted.seq, len(deleted.producer_id)) == (OTHER, 1, 16)
    assert deleted.producer_id != restored.producer_id
    agent.refuse("Query/GetRun", "RESOURCE_DOES_NOT_EXIST", "no such run")
    with pytest.raises(MlflowException, match="no such run"):
        client.delete_run(OTHER)


def test_parents(agent: FakeAgent, client: MlflowClient) -> None:
    child = existing()
    child.data.tags.add(key="mlflow.parentRunId", value="ef" * 16)
    agent.answer(
        "Query/GetRun",
        lambda content: (
            child
            if tracking_pb2.GetRunRequest.FromString(content).run_id == OTHER
            else tracking_pb2.Run(info=tracking_pb2.RunInfo(run_id="ef" * 16))
        ),
    )
    parent = client.get_parent_run(OTHER)
    assert parent is not None
    assert parent.info.run_id == "ef" * 16
    assert runstream.get_parent_run("ef" * 16) is None


def test_clients_of_several_servers(agent: FakeAgent) -> None:
    one, two = MlflowClient("http://one:1"), MlflowClient("http://two:2")
    assert one.tracking_uri == "http://one:1"
    runs = [client.create_run("0") for client in (one, two)]
    assert [d.tracking_uri for d in spooled().runs] == ["http://one:1", "http://two:2"]
    agent.answer("flush", spool_pb2.AgentResponse())
    runstream.flush()
    asked = [spool_pb2.AgentFlush.FromString(content) for content in agent.asked("flush")]
    assert [flush.tracking_uri for flush in asked] == ["http://one:1", "http://two:2"]
    assert len({run.info.run_id for run in runs}) == 2
