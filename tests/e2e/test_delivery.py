"""What the network may do to batches: twice, late, together; over real gRPC."""

from __future__ import annotations

import itertools
import uuid
from array import array
from collections.abc import Iterator, Sequence

import grpc
import pytest

from runstream.v1 import events_pb2 as pb
from runstream.v1 import ingest_pb2, ingest_pb2_grpc, tracking_pb2, tracking_pb2_grpc
from tests.e2e.harness import World, new_world
from tests.servers.cluster import Engines

NOW = 1_790_000_000_000


@pytest.fixture(scope="module")
def world(size: Engines | None) -> Iterator[World]:
    with new_world(engines=size) as new:
        yield new


class Wire:
    """A producer in the raw: makes batches, sends them as often as it likes."""

    def __init__(self, port: int) -> None:
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.ingest = ingest_pb2_grpc.IngestStub(self.channel)  # type: ignore[no-untyped-call]
        self.query = tracking_pb2_grpc.QueryStub(self.channel)  # type: ignore[no-untyped-call]
        self.run_id = uuid.uuid4().hex
        self.producer_id = uuid.uuid4().bytes
        self.seq = itertools.count(1)

    def batch(self, events: Sequence[pb.Event], seq: int | None = None) -> pb.AppendRequest:
        return pb.AppendRequest(
            stream_id=self.run_id,
            producer_id=self.producer_id,
            seq=next(self.seq) if seq is None else seq,
            attempt_start_ms=NOW,
            events=events,
        )

    def send(self, batch: pb.AppendRequest) -> ingest_pb2.AppendResponse:
        response: ingest_pb2.AppendResponse = self.ingest.Append(batch, timeout=30)
        self.position = response.position
        return response

    def run(self) -> tracking_pb2.Run:
        metadata = [("runstream-position-bin", self.position.SerializeToString())]
        request = tracking_pb2.GetRunRequest(run_id=self.run_id)
        answer: tracking_pb2.Run = self.query.GetRun(request, timeout=30, metadata=metadata)
        return answer

    def tags(self) -> dict[str, str]:
        tags = {tag.key: tag.value for tag in self.run().data.tags}
        tags.pop("mlflow.runName", None)
        return tags

    def params(self) -> dict[str, str]:
        return {param.key: param.value for param in self.run().data.params}

    def points(self, key: str) -> list[tuple[int, float]]:
        metadata = [("runstream-position-bin", self.position.SerializeToString())]
        request = tracking_pb2.GetMetricHistoryRequest(run_id=self.run_id, key=key)
        answer = self.query.GetMetricHistory(request, timeout=30, metadata=metadata)
        return list(zip(array("q", answer.step), array("d", answer.value), strict=True))


@pytest.fixture(scope="module")
def port(world: World) -> int:
    return world.server().grpc_port


@pytest.fixture
def wire(port: int) -> Iterator[Wire]:
    new = Wire(port)
    new.send(new.batch([created()]))
    yield new
    new.channel.close()


def created() -> pb.Event:
    run = pb.RunCreated(experiment_id="0", start_time_ms=NOW, user_id="ada", run_name="wire")
    return pb.Event(time_ms=NOW, run_created=run)


def set_tag(key: str, value: str) -> pb.Event:
    return pb.Event(time_ms=NOW, tags=pb.Tags(set=[pb.KeyValue(key=key, value=value)]))


def delete_tag(key: str) -> pb.Event:
    return pb.Event(time_ms=NOW, tags=pb.Tags(delete=[key]))


def set_param(key: str, value: str) -> pb.Event:
    return pb.Event(time_ms=NOW, params=pb.Params(params=[pb.KeyValue(key=key, value=value)]))


def metrics(key: str, steps: Sequence[int]) -> pb.Event:
    columns = pb.Metrics(
        series=[pb.Series(key=key)],
        key_index=array("I", [0] * len(steps)).tobytes(),
        step=array("q", steps).tobytes(),
        timestamp=array("q", [NOW + step for step in steps]).tobytes(),
        value=array("d", [step * 0.5 for step in steps]).tobytes(),
    )
    return pb.Event(time_ms=NOW, metrics=columns)


def ended(status: int) -> pb.Event:
    update = pb.RunUpdated(status=status, end_time_ms=NOW + 5)  # type: ignore[arg-type]
    return pb.Event(time_ms=NOW, run_updated=update)


def test_a_batch_delivered_twice_counts_once(wire: Wire) -> None:
    batch = wire.batch([metrics("loss", range(100)), set_param("lr", "0.1"), set_tag("a", "1")])
    for _ in range(3):
        wire.send(batch)
    assert wire.points("loss") == [(step, step * 0.5) for step in range(100)]
    assert wire.params() == {"lr": "0.1"}
    assert not wire.run().data.param_conflicts


def test_a_late_copy_never_beats_a_newer_tag(wire: Wire) -> None:
    old = wire.batch([set_tag("stage", "old"), delete_tag("kept")])
    wire.send(old)
    wire.send(wire.batch([set_tag("stage", "new"), set_tag("kept", "yes")]))
    assert wire.tags() == {"stage": "new", "kept": "yes"}
    wire.send(old)
    assert wire.tags() == {"stage": "new", "kept": "yes"}


def test_a_late_copy_of_a_status_changes_nothing(wire: Wire) -> None:
    failed = wire.batch([ended(pb.FAILED)])
    wire.send(failed)
    wire.send(wire.batch([ended(pb.FINISHED)]))
    wire.send(failed)
    assert wire.run().info.status == pb.FINISHED


@pytest.mark.parametrize("cut", range(6))
def test_set_delete_set_in_every_cut(wire: Wire, cut: int) -> None:
    events = [
        set_tag("t", "1"),
        delete_tag("t"),
        set_tag("t", "2"),
        set_param("p", "first"),
        set_param("p", "second"),
    ]
    for part in (events[:cut], events[cut:]):
        if part:
            wire.send(wire.batch(part))
    assert wire.tags() == {"t": "2"}
    assert wire.params() == {"p": "first"}
    assert list(wire.run().data.param_conflicts) == ["p"]


@pytest.mark.parametrize("cut", range(1, 4))
def test_set_then_delete_in_every_cut(wire: Wire, cut: int) -> None:
    events = [set_tag("t", "1"), set_tag("u", "x"), delete_tag("t")]
    for part in (events[:cut], events[cut:]):
        if part:
            wire.send(wire.batch(part))
    assert wire.tags() == {"u": "x"}


def test_created_and_finished_in_one_batch(port: int) -> None:
    wire = Wire(port)
    wire.send(wire.batch([created(), metrics("loss", [-3, 0, 7]), ended(pb.FINISHED)]))
    run = wire.run()
    assert run.info.status == pb.FINISHED
    assert run.info.end_time == NOW + 5
    assert [(m.key, m.step, m.value) for m in run.data.metrics] == [("loss", 7, 3.5)]
    wire.channel.close()


def test_points_before_their_run_appear_with_it(port: int) -> None:
    wire = Wire(port)
    wire.send(wire.batch([metrics("loss", [1, 2])]))
    with pytest.raises(grpc.RpcError) as refusal:
        wire.run()
    assert refusal.value.code() is grpc.StatusCode.NOT_FOUND
    wire.send(wire.batch([created()]))
    assert wire.points("loss") == [(1, 0.5), (2, 1.0)]
    wire.channel.close()


def test_one_identity_with_two_contents_keeps_both_sets_of_points(wire: Wire) -> None:
    wire.send(wire.batch([metrics("loss", [1, 2]), set_tag("a", "1")], seq=2))
    wire.send(wire.batch([metrics("loss", [2, 3]), set_tag("a", "2")], seq=2))
    assert wire.points("loss") == [(1, 0.5), (2, 1.0), (3, 1.5)]
    assert wire.tags() == {"a": "1"}
    metadata = [("runstream-position-bin", wire.position.SerializeToString())]
    request = tracking_pb2.VerifyRunRequest(run_id=wire.run_id)
    report = wire.query.VerifyRun(request, timeout=30, metadata=metadata)
    assert not report.complete
    assert [producer.conflicts for producer in report.producers] == [1]


TWO_PROCESSES = """
import sys
import runstream
with runstream.start_run(run_id=sys.argv[1] or None) as run:
    for i in range(2000):
        runstream.log_metric("loss", i * 0.5, step=i * 2 + int(sys.argv[2]))
    print(run.info.run_id)
"""

STEPS = """
import sys
import runstream
points = runstream.MlflowClient().get_metric_history(sys.argv[1], "loss")
print(sorted({p.step for p in points}) == list(range(4000)), len(points))
"""


def test_two_processes_write_one_run(world: World, port: int) -> None:
    uri = world.servers[0].uri
    run_id = world.run(TWO_PROCESSES, "", "0", uri=uri).strip()
    others = [world.popen(TWO_PROCESSES, run_id, str(k), uri=uri) for k in (0, 1)]
    assert [process.wait(timeout=60) for process in others] == [0, 0]
    all_steps, points = world.run(STEPS, run_id, uri=uri).split()
    # Even steps were logged by two processes, at two times: up to two points each.
    assert all_steps == "True"
    assert 4000 <= int(points) <= 6000
