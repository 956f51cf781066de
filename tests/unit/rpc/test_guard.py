"""Credentials at the gRPC door."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from runstream.v1 import tracking_pb2
from runstream_server.activity import Activity
from runstream_server.calls import Services, Watchers
from runstream_server.doors import tokens
from runstream_server.doors.authenticator import Authenticator
from runstream_server.rpc.server import RpcServer
from runstream_server.telemetry import CREDENTIALS_REFUSED, Telemetry
from tests.unit.rpc.test_server import Fake


class There(NamedTuple):
    fake: Fake
    channel: grpc.Channel
    telemetry: Telemetry
    token: str

    def call(self, method: str, token: str = "") -> Any:
        metadata = (("authorization", f"Bearer {token}"),) if token else ()
        stub = self.channel.unary_unary(f"/runstream.v1.{method}", bytes, bytes)
        return stub(b"", timeout=20.0, metadata=metadata)


@pytest.fixture
def there() -> Iterator[There]:
    with tempfile.TemporaryDirectory(prefix="rs-") as name:
        folder = Path(name)
        entry, token = tokens.new_token("ci", date.today())
        tokens.change(folder / "t.json", lambda _: (entry,))
        fake, telemetry = Fake(), Telemetry()
        address = f"unix:{folder / 'grpc.sock'}"
        server = RpcServer(
            Services(fake, fake, fake),
            Watchers(telemetry, Activity()),
            address,
            Authenticator(folder / "t.json"),
        )
        server.start()
        with grpc.insecure_channel(address) as channel:
            yield There(fake, channel, telemetry, token)
        server.close(0)


@pytest.mark.parametrize("method", ["Ingest/Append", "Query/GetRun", "Artifacts/CreateUpload"])
def test_no_call_without_a_token(there: There, method: str) -> None:
    for token in ("", "wrong"):
        with pytest.raises(grpc.RpcError) as caught:
            there.call(method, token)
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        trailing: Any = caught.value.trailing_metadata()
        detail = dict(trailing)["runstream-error-bin"]
        assert tracking_pb2.ErrorDetail.FromString(detail).error_code == "UNAUTHENTICATED"
    assert there.fake.seen == []
    assert there.telemetry.values(CREDENTIALS_REFUSED) == {"grpc": 2}


def test_a_token_opens_and_names_its_caller(there: There) -> None:
    there.call("Ingest/Append", there.token)
    there.call("Query/GetRun", there.token)
    assert [context.caller for _, _, context in there.fake.seen] == ["ci", "ci"]
    for _, _, context in there.fake.seen:
        assert context.authorization == f"Bearer {there.token}"
        assert there.token not in repr(context)


def test_health_is_open_and_reflection_is_not(there: There) -> None:
    health = health_pb2_grpc.HealthStub(there.channel)
    answer = health.Check(health_pb2.HealthCheckRequest(), timeout=20.0)
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    reflection = reflection_pb2_grpc.ServerReflectionStub(there.channel)
    asked = iter([reflection_pb2.ServerReflectionRequest(list_services="")])
    with pytest.raises(grpc.RpcError) as caught:
        list(reflection.ServerReflectionInfo(asked, timeout=20.0))
    assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
