"""What HTTP answers mean; a real HTTP server on a Unix socket."""

from __future__ import annotations

import base64
import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from runstream.agent.access import Access
from runstream.agent.answer import outcome
from runstream.agent.http_sender import HttpSender
from runstream.agent.http_way import HttpBase
from runstream.agent.outcome import Accepted, Failed, Outcome, Refused
from runstream.v1 import ingest_pb2, tracking_pb2

OK = ingest_pb2.AppendResponse(experiment_id="5").SerializeToString()
PROTOBUF = "application/x-protobuf"


class Server(socketserver.ThreadingUnixStreamServer):
    """Answers everything with one answer; remembers what came."""

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        self.answer: tuple[int, str, bytes] = (200, PROTOBUF, OK)
        self.drop = 0
        self.seen: list[tuple[str, bytes, dict[str, str]]] = []
        super().__init__(str(path), Handler)
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def handle_error(self, request: Any, client_address: Any) -> None:
        return  # a client went away


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.drop:
            self.server.drop -= 1
            self.close_connection = True
            return
        self.server.seen.append((self.path, body, dict(self.headers)))
        status, kind, content = self.server.answer
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def address_string(self) -> str:
        return "unix"

    def log_message(self, format: str, *args: object) -> None:
        return


@pytest.fixture
def http(short_folder: Path) -> Iterator[Server]:
    made = Server(short_folder / "s")
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def sender(http: Server) -> Iterator[HttpSender]:
    made = HttpSender(HttpBase(f"unix:{http.server_address!s}", Access("Bearer secret")))
    yield made
    made.close()
    made.close()


def send(sender: HttpSender, payload: bytes = b"batch") -> Outcome:
    outcomes: list[Outcome] = []
    done = threading.Event()

    def on_outcome(given: Outcome) -> None:
        outcomes.append(given)
        done.set()

    sender.append(payload, on_outcome)
    assert done.wait(20)
    return outcomes[0]


def test_a_batch_goes_as_it_is(http: Server, sender: HttpSender) -> None:
    result = send(sender)
    assert isinstance(result, Accepted)
    assert result.experiment_id == "5"
    path, body, headers = http.seen[0]
    assert (path, body) == ("/runstream/v1/append", b"batch")
    assert headers["Runstream-Timeout-Ms"] == "60000"


def test_a_call_brings_position_and_deadline(http: Server, sender: HttpSender) -> None:
    assert sender.call("/runstream.v1.Query/GetRun", b"q", 3.0, b"position").response == OK
    path, _, headers = http.seen[0]
    assert path == "/runstream/v1/call/Query/GetRun"
    assert base64.b64decode(headers["Runstream-Position"]) == b"position"
    assert headers["Runstream-Timeout-Ms"] == "3000"


def test_an_error_of_the_server_is_the_one_of_grpc(http: Server, sender: HttpSender) -> None:
    detail = tracking_pb2.ErrorDetail(
        error_code="RESOURCE_EXHAUSTED", limit="l", retry_after_ms=1500, event_indexes=[3]
    )
    said = {
        "error_code": "RESOURCE_EXHAUSTED",
        "message": "why",
        "detail": base64.b64encode(detail.SerializeToString()).decode(),
    }
    http.answer = (429, "application/json", json.dumps(said).encode())
    assert send(sender) == Failed(8, "why", 1.5)
    final = tracking_pb2.ErrorDetail(error_code="INVALID_PARAMETER_VALUE", event_indexes=[1])
    said = {**said, "error_code": final.error_code}
    said["detail"] = base64.b64encode(final.SerializeToString()).decode()
    http.answer = (400, "application/json", json.dumps(said).encode())
    assert send(sender) == Refused(3, "why", final)


@pytest.mark.parametrize(
    ("status", "kind", "code", "away", "denied"),
    [
        (401, "text/html", 16, True, True),
        (302, "text/html", 16, True, True),
        (200, "text/html", 16, True, True),
        (403, "text/html", 7, True, True),
        (404, "text/html", 14, True, False),
        (413, "text/html", 8, False, False),
        (502, "text/html", 14, True, False),
        (503, "application/json", 14, True, False),
        (500, "text/html", 13, False, False),
        (400, "application/json", 13, False, False),
    ],
)
def test_others_never_refuse_for_good(
    http: Server, sender: HttpSender, status: int, kind: str, code: int, away: bool, denied: bool
) -> None:  # fmt: skip
    http.answer = (status, kind, b"<html>secret page</html>")
    result = send(sender)
    assert isinstance(result, Failed)
    assert (result.code, result.away, result.denied) == (code, away, denied)
    assert "secret" not in result.message


def test_a_kept_connection_that_was_closed_is_made_again(http: Server, sender: HttpSender) -> None:
    assert isinstance(send(sender), Accepted)
    http.drop = 1
    assert isinstance(send(sender), Accepted)
    http.drop = 2
    result = send(sender)
    assert isinstance(result, Failed)
    assert result.away


def test_nobody_there(short_folder: Path) -> None:
    sender = HttpSender(HttpBase(f"unix:{short_folder / 'none'}"))
    answer = sender.call("/runstream.v1.Query/GetRun", b"", 1.0)
    assert answer.away
    assert isinstance(outcome(answer), Failed)
    sender.close()
    with pytest.raises(ValueError, match="closed"):
        sender.append(b"", lambda outcome: None)
