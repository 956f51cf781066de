"""Services behind a real gRPC server, on a Unix socket."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from runstream.error_codes import INVALID_PARAMETER_VALUE
from runstream.v1 import artifacts_pb2, ingest_pb2, ingest_pb2_grpc
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.activity import Activity
from runstream_server.calls import Services, Watchers
from runstream_server.errors import ErrorPlace, ServiceError
from runstream_server.events import limits
from runstream_server.rpc.server import AddressInUseError, RpcServer
from runstream_server.service import CallContext
from runstream_server.telemetry import CALLS, Telemetry


class Fake:
    """Every service; remembers what it was called with."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any, CallContext]] = []
        self.error: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        def call(request: Any, ctx: CallContext) -> Any:
            self.seen.append((name, request, ctx))
            if self.error is not None:
                raise self.error
            return _ANSWERS[name]

        return call


_ANSWERS = {
    "append": ingest_pb2.AppendResponse(experiment_id="5"),
    "create_experiment": ingest_pb2.ExperimentResponse(),
    "get_run": tracking.Run(info=tracking.RunInfo(run_id="r")),
    "create_upload": artifacts_pb2.Ticket(url="u"),
}


class There(NamedTuple):
    fake: Fake
    channel: grpc.Channel
    watchers: Watchers
    address: str
    server: RpcServer

    def call(self, method: str, request: bytes, **options: Any) -> bytes:
        service = {"A": "Ingest", "C": "Ingest", "G": "Query"}[method[0]]
        stub = self.channel.unary_unary(f"/runstream.v1.{service}/{method}", bytes, bytes)
        response: bytes = stub(request, timeout=20.0, **options)
        return response


@pytest.fixture
def there() -> Iterator[There]:
    folder = Path(tempfile.mkdtemp(prefix="rs-"))
    address = f"unix:{folder / 'grpc.sock'}"
    fake, watchers = Fake(), Watchers(Telemetry(), Activity())
    server = RpcServer(Services(fake, fake, fake), watchers, address)
    server.start()
    sizes = [("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(address, options=sizes) as channel:
        yield There(fake, channel, watchers, address, server)
    server.close(0)
    server.close(0)
    shutil.rmtree(folder)


def test_append_gets_the_bytes_as_they_came(there: There) -> None:
    answer = ingest_pb2.AppendResponse.FromString(there.call("Append", b"raw \xff"))
    assert answer.experiment_id == "5"
    ((name, request, ctx),) = there.fake.seen
    assert (name, request, ctx.position) == ("append", b"raw \xff", None)
    assert 0 < ctx.deadline - time.monotonic() < 25.0
    assert there.watchers.telemetry.values(CALLS) == {"Append OK": 1}


def test_the_generated_stubs_work_too(there: There) -> None:
    stub = ingest_pb2_grpc.IngestStub(there.channel)  # type: ignore[no-untyped-call]
    stub.CreateExperiment(ingest_pb2.CreateExperimentRequest(name="x"), timeout=20.0)
    ((name, request, _),) = there.fake.seen
    assert (name, request.name) == ("create_experiment", "x")


def test_the_position_comes_in_the_metadata(there: There) -> None:
    position = tracking.Position(log_id="l")
    metadata = [("runstream-position-bin", position.SerializeToString())]
    there.call("GetRun", b"", metadata=metadata)
    assert there.fake.seen[0][2].position == position


@pytest.mark.parametrize(
    ("request_", "metadata"),
    [(b"\xff\xff", []), (b"", [("runstream-position-bin", b"\xff\xff")])],
)
def test_what_cannot_be_read_is_an_invalid_argument(
    there: There, request_: bytes, metadata: list[tuple[str, bytes]]
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        there.call("GetRun", request_, metadata=metadata)
    assert _code(caught.value) is grpc.StatusCode.INVALID_ARGUMENT
    assert there.fake.seen == []


def test_a_refusal_carries_its_detail(there: There) -> None:
    there.fake.error = ServiceError(
        INVALID_PARAMETER_VALUE,
        "wrong: ü",
        ErrorPlace("f", "l", range(limits.REFUSED_INDEXES_NAMED)),
    )
    with pytest.raises(grpc.RpcError) as caught:
        there.call("Append", b"")
    error: Any = caught.value
    assert (error.code(), error.details()) == (grpc.StatusCode.INVALID_ARGUMENT, "wrong: ü")
    metadata = dict(error.trailing_metadata())
    detail = tracking.ErrorDetail.FromString(metadata["runstream-error-bin"])
    assert (detail.error_code, detail.field) == (INVALID_PARAMETER_VALUE, "f")
    assert len(detail.event_indexes) == limits.REFUSED_INDEXES_NAMED
    assert there.watchers.telemetry.values(CALLS) == {"Append INVALID_ARGUMENT": 1}


def test_a_fault_of_ours_is_internal(there: There) -> None:
    there.fake.error = KeyError("secret")
    with pytest.raises(grpc.RpcError) as caught:
        there.call("GetRun", b"")
    error: Any = caught.value
    assert error.code() is grpc.StatusCode.INTERNAL
    assert "secret" not in error.details()


def test_messages_have_a_greatest_size(there: There) -> None:
    there.call("Append", b"x" * (limits.MESSAGE_MAX_BYTES - 100))
    with pytest.raises(grpc.RpcError) as caught:
        there.call("Append", b"x" * (limits.MESSAGE_MAX_BYTES + 1))
    assert _code(caught.value) is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_health_and_reflection(there: There) -> None:
    health = health_pb2_grpc.HealthStub(there.channel)
    answer = health.Check(health_pb2.HealthCheckRequest(service="runstream.v1.Ingest"), timeout=20)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    reflection = reflection_pb2_grpc.ServerReflectionStub(there.channel)
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    (listed,) = reflection.ServerReflectionInfo(iter([asked]), timeout=20)
    names = {service.name for service in listed.list_services_response.service}
    assert {"runstream.v1.Ingest", "runstream.v1.Query", "runstream.v1.Artifacts"} <= names


def test_a_second_server_at_the_address_is_refused() -> None:
    watchers = Watchers(Telemetry(), Activity())
    with pytest.raises(AddressInUseError):
        RpcServer(Services(), watchers, "unix:/no/such/folder/grpc.sock")


def _code(error: Any) -> grpc.StatusCode:
    code: grpc.StatusCode = error.code()
    return code
