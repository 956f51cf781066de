"""The ClickHouse engine behind ClickHouse's HTTP protocol, in a process of its own.

    python -m tests.servers.clickhouse_http FOLDER --port 8123

It is ClickHouse as far as a client of the HTTP interface sees it, with the
engine that the embedded size runs on. What it lacks: users, sessions, Keeper.
"""

from __future__ import annotations

import argparse
import base64
import hmac
import json
import signal
import socket
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import ThreadingMixIn
from urllib.parse import parse_qsl, urlsplit

from tests.servers.clickhouse_engine import Answer, Engine, MemoryFile, RefusedError
from tests.servers.clickhouse_requests import BadBodyError, encoded, read_request

# A connection takes a thread and 0.6 MB.
_CONNECTIONS_MAX = 200
# A client that says nothing for so long gives its place to another.
_IDLE_SECONDS = 30.0
# Small enough to stay in the processor's cache while it is decompressed and written.
_PIECE_BYTES = 256 * 1024
_PROGRESS = ("read_rows", "read_bytes", "written_rows", "written_bytes")

_AUTHENTICATION_FAILED = 516
_CANNOT_READ = 33
# ClickHouse's own statuses, without those that mean "send it again".
_STATUSES = {60: 404, 81: 404, 62: 400, 497: 403, _AUTHENTICATION_FAILED: 403}


class ShortBodyError(Exception):
    """The connection ended within the body."""


class Server(ThreadingMixIn, HTTPServer):
    """password: of the user `default`; empty: nobody is asked."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, address: tuple[str, int], engine: Engine, password: str) -> None:
        self.engine = engine
        self.password = password
        self._places = threading.BoundedSemaphore(_CONNECTIONS_MAX)
        super().__init__(address, Handler)

    def process_request(self, request: object, client_address: object) -> None:
        # The next connection waits in the kernel's queue.
        self._places.acquire()
        try:
            super().process_request(request, client_address)  # type: ignore[arg-type]
        except BaseException:
            self._places.release()
            raise

    def process_request_thread(self, request: object, client_address: object) -> None:
        try:
            super().process_request_thread(request, client_address)  # type: ignore[arg-type]
        finally:
            self._places.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is none of ours."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    # Without these two an answer of two writes takes 44 ms.
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    server: Server

    def do_GET(self) -> None:
        if urlsplit(self.path).path in ("/ping", "/replicas_status"):
            self._send(200, b"Ok.\n", {})
        else:
            self.do_POST()

    def setup(self) -> None:
        super().setup()
        self._data = MemoryFile()

    def finish(self) -> None:
        self._data.close()
        super().finish()

    def do_POST(self) -> None:
        values = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        query_id = values.get("query_id") or str(uuid.uuid4())
        body = self._body()
        try:
            try:
                answer = self._run(values, body)
            finally:
                for _ in body:
                    """What an error left of it stands before the next request."""
        except ShortBodyError:
            # Nothing of it is applied, and nobody is there to be told.
            self.close_connection = True
        except BadBodyError as error:
            self._refuse(_CANNOT_READ, f"Code: 33. DB::Exception: {error}", query_id)
        except RefusedError as error:
            self._refuse(error.code, error.text, query_id)
        else:
            self._answer(answer, values, query_id)

    def _run(self, values: dict[str, str], body: Iterator[bytes]) -> Answer:
        if not self._may_enter(values):
            raise RefusedError(
                _AUTHENTICATION_FAILED,
                "Code: 516. DB::Exception: default: Authentication failed. (AUTHENTICATION_FAILED)",
            )
        self._data.begin()
        request = read_request(values, self.headers, body, self._data)  # type: ignore[arg-type]
        self._data.end()
        return self.server.engine.run(request, self._data.path)

    def log_message(self, format: str, *args: object) -> None:
        """Silent."""

    def _answer(self, answer: Answer, values: dict[str, str], query_id: str) -> None:
        body, encoding = encoded(
            answer.body,
            self.headers.get("Accept-Encoding", ""),
            values.get("enable_http_compression") == "1",
        )
        summary = {name: str(getattr(answer, name)) for name in _PROGRESS}
        headers = {
            "X-ClickHouse-Summary": json.dumps(summary),
            "X-ClickHouse-Query-Id": query_id,
            "X-ClickHouse-Timezone": self.server.engine.timezone.strip(),
        }
        if answer.format:
            headers["X-ClickHouse-Format"] = answer.format
        if encoding:
            headers["Content-Encoding"] = encoding
        self._send(200, body, headers)

    def _refuse(self, code: int, text: str, query_id: str) -> None:
        headers = {"X-ClickHouse-Exception-Code": str(code), "X-ClickHouse-Query-Id": query_id}
        self._send(_STATUSES.get(code, 500), text.encode() + b"\n", headers)

    def _send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/plain; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def _may_enter(self, values: dict[str, str]) -> bool:
        if not self.server.password:
            return True
        given = values.get("password") or self.headers.get("X-ClickHouse-Key") or ""
        scheme, _, credentials = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            given = base64.b64decode(credentials).decode().partition(":")[2]
        return hmac.compare_digest(given.encode(), self.server.password.encode())

    def _body(self) -> Iterator[bytes]:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._chunks()
        return self._pieces(int(self.headers.get("Content-Length") or 0))

    def _chunks(self) -> Iterator[bytes]:
        while True:
            line = self.rfile.readline(1024)
            try:
                size = int(line.split(b";")[0], 16)
            except ValueError:
                raise ShortBodyError from None
            if size == 0:
                break
            yield from self._pieces(size)
            self.rfile.read(2)
        while self.rfile.readline(65536).strip():
            """Trailers say nothing that is needed."""

    def _pieces(self, size: int) -> Iterator[bytes]:
        while size:
            piece = self.rfile.read(min(size, _PIECE_BYTES))
            if not piece:
                raise ShortBodyError
            size -= len(piece)
            yield piece


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8123)
    parser.add_argument("--password", default="")
    parser.add_argument("--memory-bytes", type=int, default=2_000_000_000)
    arguments = parser.parse_args()
    folder = arguments.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    # The port first: whoever cannot have it starts no engine.
    with socket.create_server((arguments.host, arguments.port)):
        pass
    engine = Engine(
        f"{folder}?max_server_memory_usage={arguments.memory_bytes}"
        "&mark_cache_size=33554432&background_pool_size=2"
    )
    server = Server((arguments.host, arguments.port), engine, arguments.password)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    try:
        server.serve_forever(0.1)
    finally:
        server.server_close()
        engine.close()


if __name__ == "__main__":
    main()
