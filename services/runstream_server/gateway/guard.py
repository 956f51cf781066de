"""Who calls over HTTP: credentials are checked before a request reaches a route."""

from __future__ import annotations

from contextvars import ContextVar

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from runstream_server.doors.authenticator import Authenticator, Caller
from runstream_server.errors import ServiceError
from runstream_server.gateway.errors import answer
from runstream_server.telemetry import CREDENTIALS_REFUSED, Telemetry

# What probes and clients have to see before they have credentials.
_OPEN = frozenset({"/health", "/ready", "/version", "/.well-known/runstream"})
# A ticket in the path is the credential, as in an object store's signed URL.
_OPEN_PREFIX = "/blobs/"

_caller: ContextVar[Caller] = ContextVar("caller", default=Caller())  # noqa: B039


def caller() -> Caller:
    """Whose token the request in hand came with."""
    return _caller.get()


class Guard:
    """Refuses requests without valid credentials with 401."""

    def __init__(self, app: ASGIApp, authenticator: Authenticator, telemetry: Telemetry) -> None:
        self._app = app
        self._authenticator = authenticator
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        if scope["type"] == "http" and path not in _OPEN and not path.startswith(_OPEN_PREFIX):
            given = Headers(scope=scope).get("authorization", "")
            try:
                # A password may take some 100 ms.
                name = await run_in_threadpool(self._authenticator.caller, given)
                _caller.set(Caller(name, given))
            except ServiceError as error:
                self._telemetry.count(CREDENTIALS_REFUSED, label="http")
                response = answer(error.error_code, error.message)
                response.headers["www-authenticate"] = 'Basic realm="runstream", Bearer'
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)
