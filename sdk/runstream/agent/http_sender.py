"""The agent's calls to one server over HTTP: the same messages as over gRPC."""

from __future__ import annotations

import base64
import binascii
import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException, HTTPResponse

from google.protobuf.message import DecodeError

from runstream.agent import answer as codes
from runstream.agent.answer import Answer, outcome
from runstream.agent.http_way import HttpBase, Way, way_to
from runstream.agent.limits import (
    APPEND_TIMEOUT_SECONDS,
    GRPC_MESSAGE_MAX_BYTES,
    HTTP_APPEND_THREADS,
)
from runstream.agent.outcome import Outcome
from runstream.agent.proxies import ProxyError
from runstream.agent.tls import TlsError
from runstream.error_codes import INTERNAL_ERROR, STATUS
from runstream.v1 import tracking_pb2

PREFIX = "/runstream/v1"
MEDIA_TYPE = "application/x-protobuf"
_SERVICE = "/runstream.v1."
_REDIRECTS = range(300, 400)
_AWAY = frozenset({404, 405, 407, 502, 503, 504})


class HttpSender:
    """Some kept connections to one address. Thread-safe.

    `close` begins nothing new; what is under way goes on to its end.
    """

    name = "http"

    def __init__(self, base: HttpBase) -> None:
        self._base = base
        self._threads = ThreadPoolExecutor(HTTP_APPEND_THREADS, thread_name_prefix="http")
        self._guard = threading.Lock()
        self._idle: list[Way] = []
        self._closed = False

    def append(self, payload: bytes, on_outcome: Callable[[Outcome], None]) -> None:
        """Send a batch; `on_outcome` is called once, on a thread of ours.

        Raises ValueError when it is closed.
        """

        def work() -> None:
            on_outcome(outcome(self._post("/append", payload, APPEND_TIMEOUT_SECONDS, b"")))

        try:
            self._threads.submit(work)
        except RuntimeError as error:
            raise ValueError("the connection was closed") from error

    def call(
        self, method: str, request: bytes, timeout_seconds: float, position: bytes = b""
    ) -> Answer:
        """Make a unary call and wait for its answer; raises nothing for a failed one."""
        path = f"/call/{method.removeprefix(_SERVICE)}"
        return self._post(path, request, max(timeout_seconds, 0.001), position)

    def close(self) -> None:
        """See the class. May be called twice."""
        with self._guard:
            self._closed = True
            idle, self._idle = self._idle, []
        for way in idle:
            way.connection.close()
        self._threads.shutdown(wait=False)

    def _post(self, path: str, body: bytes, timeout_seconds: float, position: bytes) -> Answer:
        headers = {
            "Content-Type": MEDIA_TYPE,
            "Accept": MEDIA_TYPE,
            "Runstream-Timeout-Ms": str(int(timeout_seconds * 1000)),
        }
        if position:
            headers["Runstream-Position"] = base64.b64encode(position).decode()
        while True:
            try:
                way, used = self._way(timeout_seconds)
            except (ProxyError, TlsError, OSError) as error:
                return Answer(codes.UNAVAILABLE, str(error))
            try:
                return self._exchange(way, path, body, headers)
            except TimeoutError:
                way.connection.close()
                return Answer(codes.DEADLINE_EXCEEDED, f"no answer in {timeout_seconds:g} s")
            except (OSError, HTTPException) as error:
                way.connection.close()
                if not used:
                    return Answer(codes.UNAVAILABLE, f"the connection failed: {error}")
                # It was kept, and the other end has closed it meanwhile: a new one.

    def _way(self, timeout_seconds: float) -> tuple[Way, bool]:
        with self._guard:
            if self._idle:
                way = self._idle.pop()
                way.connection.timeout = timeout_seconds
                if way.connection.sock is not None:
                    way.connection.sock.settimeout(timeout_seconds)
                return way, True
        return way_to(self._base, timeout_seconds), False

    def _exchange(self, way: Way, path: str, body: bytes, headers: dict[str, str]) -> Answer:
        way.connection.request(
            "POST", f"{way.target}{PREFIX}{path}", body, {**headers, **way.headers}
        )
        response = way.connection.getresponse()
        content = response.read(GRPC_MESSAGE_MAX_BYTES + 1)
        if response.will_close or not response.isclosed():
            way.connection.close()
        else:
            self._keep(way)
        return read_answer(response, content)

    def _keep(self, way: Way) -> None:
        with self._guard:
            if not self._closed:
                self._idle.append(way)
                return
        way.connection.close()


def read_answer(response: HTTPResponse, content: bytes) -> Answer:
    """What an HTTP answer means; those of proxies are not those of the server."""
    kind = (response.getheader("Content-Type") or "").partition(";")[0].strip()
    if response.status == 200 and kind == MEDIA_TYPE:
        return Answer(response=content)
    ours = _ours(content) if kind == "application/json" else None
    return ours or _foreign(response, kind, len(content))


def _ours(content: bytes) -> Answer | None:
    try:
        said = json.loads(content)
        code, message = str(said["error_code"]), str(said["message"])
        detail = tracking_pb2.ErrorDetail(error_code=code)
        if "detail" in said:
            detail = tracking_pb2.ErrorDetail.FromString(base64.b64decode(said["detail"]))
    except (ValueError, KeyError, TypeError, binascii.Error, DecodeError):
        return None
    return Answer(STATUS.get(code, STATUS[INTERNAL_ERROR]).grpc, message, detail=detail)


def _foreign(response: HTTPResponse, kind: str, size: int) -> Answer:
    status = response.status
    if status == 401 or status in _REDIRECTS or status == 200:
        what = "wants a login" if status != 401 else "does not know our credentials"
        return Answer(
            codes.UNAUTHENTICATED,
            f"what stands in front of the server {what} (HTTP {status}, {kind or 'no type'}): "
            "set RUNSTREAM_TOKEN, or RUNSTREAM_USERNAME and RUNSTREAM_PASSWORD, to what it takes",
        )
    if status == 403:
        said = "what stands in front of the server does not let us in (HTTP 403)"
        return Answer(codes.PERMISSION_DENIED, said)
    if status == 413:
        return Answer(
            codes.RESOURCE_EXHAUSTED,
            "a proxy in front of the server takes no request of this size (HTTP 413): let it take "
            f"{GRPC_MESSAGE_MAX_BYTES // 2**20} MiB (nginx: client_max_body_size 8m). What was "
            "logged waits here.",
        )
    said = f"HTTP {status} {response.reason}, {kind or 'no type'}, {size} bytes"
    return Answer(
        codes.UNAVAILABLE if status in _AWAY else codes.INTERNAL,
        f"no answer of a Runstream server: {said}",
    )
