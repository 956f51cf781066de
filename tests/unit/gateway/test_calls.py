"""The services over HTTP, and who may call them."""

from __future__ import annotations

import base64
import time
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from starlette.applications import Starlette

from runstream.error_codes import RESOURCE_EXHAUSTED
from runstream.v1 import ingest_pb2, tracking_pb2
from runstream_server.activity import Activity
from runstream_server.calls import Services
from runstream_server.doors import tokens
from runstream_server.doors.authenticator import Authenticator
from runstream_server.errors import ErrorPlace, ServiceError
from runstream_server.events import limits
from runstream_server.gateway.app import Site, application
from runstream_server.service import CallContext
from runstream_server.telemetry import CALLS, CREDENTIALS_REFUSED, Telemetry
from tests.unit.gateway.http import call

GET_RUN = "/runstream/v1/call/Query/GetRun"


class Fake:
    """Every service; remembers what it was called with."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any, CallContext]] = []
        self.error: Exception | None = None

    def __getattr__(self, name: str) -> Any:
        def answer(request: Any, ctx: CallContext) -> Any:
            self.seen.append((name, request, ctx))
            if self.error is not None:
                raise self.error
            if name == "append":
                return ingest_pb2.AppendResponse(experiment_id="5")
            return tracking_pb2.Run(info=tracking_pb2.RunInfo(run_id="r"))

        return answer


class There(NamedTuple):
    fake: Fake
    app: Starlette
    telemetry: Telemetry


def there(authenticator: Authenticator | None = None) -> There:
    fake, telemetry = Fake(), Telemetry()
    site = Site(
        lambda: {"product": "runstream"}, lambda: "", telemetry, Activity(),
        services=Services(fake, fake, fake), authenticator=authenticator,
    )  # fmt: skip
    return There(fake, application(site), telemetry)


def test_a_batch_arrives_as_it_was_sent() -> None:
    made = there()
    for path in ("/runstream/v1/append", "/runstream/v1/call/Ingest/Append"):
        answer = call(made.app, "POST", path, [b"ab", b"c"])
        assert answer.headers["content-type"] == "application/x-protobuf"
        assert ingest_pb2.AppendResponse.FromString(answer.body).experiment_id == "5"
        assert made.fake.seen.pop()[:2] == ("append", b"abc")
    assert made.telemetry.values(CALLS) == {"Append OK": 2}


def test_position_and_deadline_come_along() -> None:
    made = there()
    position = tracking_pb2.Position(log_id="l")
    headers = {
        "Runstream-Position": base64.b64encode(position.SerializeToString()).decode(),
        "Runstream-Timeout-Ms": "90000",
    }
    request = tracking_pb2.GetRunRequest(run_id="r").SerializeToString()
    answer = call(made.app, "POST", GET_RUN, [request], headers)
    assert tracking_pb2.Run.FromString(answer.body).info.run_id == "r"
    _, asked, context = made.fake.seen[0]
    assert (asked.run_id, context.position, context.caller) == ("r", position, "")
    assert context.deadline > time.monotonic() + 60


def test_an_error_has_all_that_grpc_would_say() -> None:
    made = there()
    place = ErrorPlace("f", "3 bytes", [1, 500])
    made.fake.error = ServiceError(RESOURCE_EXHAUSTED, "why", place, retry_after_ms=1200)
    answer = call(made.app, "POST", "/runstream/v1/append", [b"x"])
    assert answer.status == 429
    assert answer.headers["retry-after"] == "2"
    said = answer.json()
    assert (said["error_code"], said["message"]) == (RESOURCE_EXHAUSTED, "why")
    detail = tracking_pb2.ErrorDetail.FromString(base64.b64decode(said["detail"]))
    assert detail == tracking_pb2.ErrorDetail(
        error_code=RESOURCE_EXHAUSTED, field="f", limit="3 bytes", retry_after_ms=1200,
        event_indexes=[1, 500],
    )  # fmt: skip


def test_a_fault_of_ours_says_little() -> None:
    made = there()
    made.fake.error = KeyError("secret")
    answer = call(made.app, "POST", GET_RUN)
    assert answer.status == 500
    assert b"secret" not in answer.body


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/runstream/v1/call/Query/Nothing", {}, 404),
        ("POST", "/runstream/v1/call/Query/__init__", {}, 404),
        ("GET", GET_RUN, {}, 405),
        ("POST", GET_RUN, {"Runstream-Position": "%%%"}, 400),
        ("POST", GET_RUN, {"Runstream-Position": "/w=="}, 400),
    ],
)
def test_what_is_no_call(method: str, path: str, headers: dict[str, str], status: int) -> None:
    assert call(there().app, method, path, [b""], headers).status == status


def test_requests_are_bounded() -> None:
    made = there()
    piece = bytes(limits.MESSAGE_MAX_BYTES // 2 + 1)
    assert call(made.app, "POST", "/runstream/v1/append", [piece, piece]).status == 400
    assert made.fake.seen == []


def test_the_guard_lets_in_who_has_a_token(tmp_path: Path) -> None:
    entry, token = tokens.new_token("ci", date.today())
    tokens.change(tmp_path / "t.json", lambda _: (entry,))
    made = there(Authenticator(tmp_path / "t.json"))
    for path in (GET_RUN, "/runstream/v1/append", "/metrics", "/nothing"):
        answer = call(made.app, "POST", path, [b""])
        assert (answer.status, answer.json()["error_code"]) == (401, "UNAUTHENTICATED")
        assert "Basic" in answer.headers["www-authenticate"]
    assert made.fake.seen == []
    assert made.telemetry.values(CREDENTIALS_REFUSED) == {"http": 4}
    for path in ("/health", "/version", "/.well-known/runstream"):
        assert call(made.app, "GET", path).status == 200
    header = {"Authorization": f"Bearer {token}"}
    assert call(made.app, "POST", GET_RUN, [b""], header).status == 200
    assert made.fake.seen[0][2].caller == "ci"
