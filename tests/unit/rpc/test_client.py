"""The services of another process, called as if they were one's own."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runstream.error_codes import INVALID_PARAMETER_VALUE, TEMPORARILY_UNAVAILABLE
from runstream.v1 import artifacts_pb2, ingest_pb2
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.activity import Activity
from runstream_server.errors import ErrorPlace, ServiceError
from runstream_server.rpc.adapters import Services, Watchers
from runstream_server.rpc.client import Access, RpcClient
from runstream_server.rpc.server import RpcServer
from runstream_server.service import CallContext
from runstream_server.telemetry import Telemetry

RUN = tracking.Run(info=tracking.RunInfo(run_id="r"))


class Fake:
    """Every service; answers by name."""

    def __init__(self) -> None:
        self.seen: list[tuple[Any, CallContext]] = []
        self.error: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        answers = {
            "append": ingest_pb2.AppendResponse(experiment_id="5"),
            "get_run": RUN,
            "create_upload": artifacts_pb2.Ticket(url="u"),
        }

        def call(request: Any, ctx: CallContext) -> Any:
            self.seen.append((request, ctx))
            if self.error is not None:
                raise self.error
            return answers[name]

        return call


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.fixture
def address(fake: Fake) -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="rs-"))
    watchers = Watchers(Telemetry(), Activity())
    server = RpcServer(Services(fake, fake, fake), watchers, f"unix:{folder / 's'}")
    server.start()
    yield f"unix:{folder / 's'}"
    server.close(0)
    shutil.rmtree(folder)


def ctx(seconds: float = 20.0, position: tracking.Position | None = None) -> CallContext:
    return CallContext(position, time.monotonic() + seconds)


def test_every_service_is_called_by_its_interface(address: str, fake: Fake) -> None:
    client = RpcClient([address])
    position = tracking.Position(log_id="l")
    assert client.query.get_run(tracking.GetRunRequest(run_id="x"), ctx(position=position)) == RUN
    request, seen = fake.seen[0]
    assert request == tracking.GetRunRequest(run_id="x")
    assert seen.position == position
    assert seen.remaining_seconds() <= 20
    assert client.ingest.append(b"as it is", ctx()).experiment_id == "5"
    assert fake.seen[1][0] == b"as it is"
    ticket = client.artifacts.create_upload(artifacts_pb2.CreateUploadRequest(), ctx())
    assert ticket.url == "u"
    client.close()
    client.close()


def test_a_refusal_comes_through_as_it_was_made(address: str, fake: Fake) -> None:
    place = ErrorPlace("events[0].key", "250 characters", (0, 3))
    fake.error = ServiceError(INVALID_PARAMETER_VALUE, "Too long.", place, retry_after_ms=7)
    client = RpcClient([address])
    with pytest.raises(ServiceError, match="Too long") as refused:
        client.ingest.append(b"", ctx())
    assert refused.value.error_code == INVALID_PARAMETER_VALUE
    assert (refused.value.place, refused.value.retry_after_ms) == (place, 7)
    client.close()


def test_another_process_answers_where_one_does_not(address: str) -> None:
    client = RpcClient(["unix:/nobody/there", address, "unix:/nor/there"])
    for _ in range(4):
        assert client.query.get_run(tracking.GetRunRequest(), ctx()) == RUN
    client.close()


def test_when_nobody_answers_it_may_be_tried_again() -> None:
    client = RpcClient(["unix:/nobody/there"])
    with pytest.raises(ServiceError, match="None of unix:/nobody/there answers") as away:
        client.query.get_run(tracking.GetRunRequest(), ctx(0.1))
    assert away.value.error_code == TEMPORARILY_UNAVAILABLE
    assert away.value.retry_after_ms > 0
    client.close()


def test_a_token_is_not_shown() -> None:
    assert "secret" not in repr(Access(token="secret"))
