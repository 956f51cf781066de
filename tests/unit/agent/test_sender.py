from __future__ import annotations

from runstream.agent.outcome import Accepted, Failed, Outcome, Refused
from runstream.agent.sender import Answer, Sender, outcome
from runstream.v1 import events_pb2, ingest_pb2, tracking_pb2
from tests.unit.agent.grpc_server import GrpcServer
from tests.unit.agent.helpers import address_of, eventually

BATCH = events_pb2.AppendRequest(stream_id="ab" * 16, producer_id=bytes(16), seq=1)


def append(server: GrpcServer, payload: bytes) -> Outcome:
    sender, outcomes = Sender(address_of(server)), list[Outcome]()
    sender.append(payload, outcomes.append)
    eventually(lambda: outcomes)
    sender.close()
    return outcomes[0]


def test_an_accepted_batch(server: GrpcServer) -> None:
    result = append(server, BATCH.SerializeToString())
    assert isinstance(result, Accepted)
    assert result.position.log_id == "log"
    assert len(server.log.batches) == 1


def test_a_refused_batch_names_its_events(server: GrpcServer) -> None:
    detail = tracking_pb2.ErrorDetail(error_code="INVALID_PARAMETER_VALUE", event_indexes=[3])
    server.log.judge = lambda request: Refused(3, "no", detail)
    result = append(server, BATCH.SerializeToString())
    assert isinstance(result, Refused)
    assert list(result.detail.event_indexes) == [3]


def test_a_busy_server_says_when_to_come_again(server: GrpcServer) -> None:
    server.busy = 1
    result = append(server, BATCH.SerializeToString())
    assert isinstance(result, Failed)
    assert result.retry_after_seconds == 0.01
    assert not result.away


def test_nobody_there(server: GrpcServer) -> None:
    server.stop()
    result = append(server, BATCH.SerializeToString())
    assert isinstance(result, Failed)
    assert result.away


def test_only_a_runstream_server_can_refuse_for_good() -> None:
    for code in (3, 5, 9):
        assert isinstance(outcome(Answer(code, "a proxy's page")), Failed)
        detail = tracking_pb2.ErrorDetail(error_code="INVALID_STATE")
        assert isinstance(outcome(Answer(code, "no", detail=detail)), Refused)
    for code in (7, 13, 16):  # may be mended: tried for ever
        detail = tracking_pb2.ErrorDetail(error_code="UNAUTHENTICATED")
        assert isinstance(outcome(Answer(code, "no", detail=detail)), Failed)


def test_silence_and_garbage_are_failures() -> None:
    silence = outcome(Answer(4, "deadline"))
    assert isinstance(silence, Failed)
    assert silence.away
    assert isinstance(outcome(Answer(response=b"\xff\xff")), Failed)
    good = ingest_pb2.AppendResponse(experiment_id="3").SerializeToString()
    accepted = outcome(Answer(response=good))
    assert isinstance(accepted, Accepted)
    assert accepted.experiment_id == "3"


def test_a_unary_call(server: GrpcServer) -> None:
    sender = Sender(address_of(server))
    answer = sender.call("/runstream.v1.Query/GetServerInfo", b"", 10.0, b"position")
    assert tracking_pb2.ServerInfo.FromString(answer.response).http_address == server.http_address
    assert server.positions == [b"position"]
    missing = sender.call("/runstream.v1.Query/Nothing", b"", 10.0)
    assert (missing.code, missing.error_code) == (12, "NOT_IMPLEMENTED")
    sender.close()
    assert sender.call("/runstream.v1.Query/GetServerInfo", b"", 10.0).away
