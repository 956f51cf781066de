"""The services over HTTP, for networks that let gRPC not pass.

    POST /runstream/v1/append                   an AppendRequest
    POST /runstream/v1/call/SERVICE/METHOD      the method's request
        Runstream-Position: base64(Position)    the answer includes all before it
        Runstream-Timeout-Ms: 30000             how long the caller waits

The body is the message that gRPC would carry, and so is the answer's. An error
is JSON: error_code, message, and `detail`, a base64 ErrorDetail.
"""

from __future__ import annotations

import base64
import binascii
import time

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from runstream.error_codes import (
    INTERNAL_ERROR,
    INVALID_PARAMETER_VALUE,
    RESOURCE_DOES_NOT_EXIST,
    STATUS,
)
from runstream.v1 import tracking_pb2
from runstream_server.calls import (
    DEFAULT_SECONDS,
    Call,
    Services,
    Watchers,
    calls,
    detail_of,
    position_of,
)
from runstream_server.errors import ErrorPlace, ServiceError
from runstream_server.events.limits import MESSAGE_MAX_BYTES
from runstream_server.gateway.guard import caller
from runstream_server.service import CallContext

PREFIX = "/runstream/v1"
MEDIA_TYPE = "application/x-protobuf"
POSITION_HEADER = "runstream-position"
TIMEOUT_HEADER = "runstream-timeout-ms"
_PACKAGE = "runstream.v1."
_APPEND = ("Ingest", "Append")
# As many as the gRPC door has, for the same reasons.
_WRITE_THREADS = 32
_READ_THREADS = 32
_DETAIL_CHARACTERS = 1000


class CallRoutes:
    """POST under the prefix; every method that the services have."""

    def __init__(self, services: Services, watchers: Watchers) -> None:
        self._watchers = watchers
        self._calls = {
            (call.service.removeprefix(_PACKAGE), call.method): call for call in calls(services)
        }
        # No number of waiting reads may keep a write from its thread.
        self._limiters: dict[bool, CapacityLimiter] = {}

    def routes(self) -> list[Route]:
        """For the application."""
        return [
            Route(f"{PREFIX}/append", self.append, methods=["POST"]),
            Route(f"{PREFIX}/call/{{service}}/{{method}}", self.call, methods=["POST"]),
        ]

    async def append(self, request: Request) -> Response:
        """One batch, as Ingest.Append takes it."""
        return await self._answer(request, *_APPEND)

    async def call(self, request: Request) -> Response:
        """One call of any method."""
        service, method = request.path_params["service"], request.path_params["method"]
        return await self._answer(request, service.removeprefix(_PACKAGE), method)

    async def _answer(self, request: Request, service: str, method: str) -> Response:
        call = self._calls.get((service, method))
        if call is None:
            said = f"There is no method {service}/{method} here."
            return refusal(ServiceError(RESOURCE_DOES_NOT_EXIST, said))
        try:
            body = await _body(request)
            context = _context(request)
        except ServiceError as error:
            return refusal(error)
        except ClientDisconnect:
            return refusal(ServiceError(INVALID_PARAMETER_VALUE, "The request broke off."))
        response = await to_thread.run_sync(
            call.answer, body, lambda: context, self._watchers, limiter=self._limiter(call)
        )
        if isinstance(response, ServiceError):
            return refusal(response)
        return Response(response.SerializeToString(), media_type=MEDIA_TYPE)

    def _limiter(self, call: Call) -> CapacityLimiter:
        # Made inside the event loop, to which it belongs.
        threads = _WRITE_THREADS if call.writes else _READ_THREADS
        return self._limiters.setdefault(call.writes, CapacityLimiter(threads))


def refusal(error: ServiceError) -> Response:
    """An error with everything that gRPC would say of it."""
    detail = detail_of(error, _DETAIL_CHARACTERS).SerializeToString()
    status = STATUS.get(error.error_code, STATUS[INTERNAL_ERROR])
    headers = {}
    if error.retry_after_ms:
        headers["retry-after"] = str(-(-error.retry_after_ms // 1000))
    content = {
        "error_code": error.error_code,
        "message": error.message,
        "detail": base64.b64encode(detail).decode(),
    }
    return JSONResponse(content, status.http, headers)


async def _body(request: Request) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MESSAGE_MAX_BYTES:
            raise ServiceError(
                INVALID_PARAMETER_VALUE,
                f"The request has more than {MESSAGE_MAX_BYTES} bytes.",
                ErrorPlace(limit=f"{MESSAGE_MAX_BYTES} bytes"),
            )
        chunks.append(chunk)
    return b"".join(chunks)


def _context(request: Request) -> CallContext:
    return CallContext(_position(request), time.monotonic() + _seconds(request), *caller())


def _position(request: Request) -> tracking_pb2.Position | None:
    text = request.headers.get(POSITION_HEADER, "")
    if not text:
        return None
    try:
        return position_of(POSITION_HEADER, base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error) as error:
        raise ServiceError(
            INVALID_PARAMETER_VALUE,
            f"The header {POSITION_HEADER} is no base64.",
            ErrorPlace(field=POSITION_HEADER),
        ) from error


def _seconds(request: Request) -> float:
    text = request.headers.get(TIMEOUT_HEADER, "")
    return int(text) / 1000 if text.isdecimal() and len(text) < 10 else DEFAULT_SECONDS
