"""Who calls over gRPC: credentials are checked before anything else happens."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import grpc

from runstream_server.doors.authenticator import Authenticator, Caller
from runstream_server.errors import ServiceError
from runstream_server.rpc import errors
from runstream_server.telemetry import CREDENTIALS_REFUSED, Telemetry

AUTHORIZATION = "authorization"
# Load balancers and orchestrators ask these without a token.
_OPEN = "/grpc.health.v1.Health/"
_KINDS = ("unary_unary", "unary_stream", "stream_unary", "stream_stream")

_caller: ContextVar[Caller] = ContextVar("caller", default=Caller())  # noqa: B039


def caller() -> Caller:
    """Whose token the call in hand of this thread came with."""
    return _caller.get()


class Guard(grpc.ServerInterceptor):  # type: ignore[type-arg]
    """Refuses calls without valid credentials with UNAUTHENTICATED.

    The check runs on the thread of the call: a password may take some 100 ms.
    """

    def __init__(self, authenticator: Authenticator, telemetry: Telemetry) -> None:
        self._authenticator = authenticator
        self._telemetry = telemetry

    def intercept_service(
        self, continuation: Callable[[Any], Any], handler_call_details: Any
    ) -> Any:
        handler = continuation(handler_call_details)
        if handler is None or handler_call_details.method.startswith(_OPEN):
            return handler
        given = _given(handler_call_details.invocation_metadata)
        kind = next(kind for kind in _KINDS if getattr(handler, kind) is not None)
        return handler._replace(**{kind: self._checked(getattr(handler, kind), given)})

    def _checked(self, behavior: Callable[..., Any], given: str) -> Callable[..., Any]:
        def behave(request: Any, context: grpc.ServicerContext) -> Any:
            try:
                _caller.set(Caller(self._authenticator.caller(given), given))
            except ServiceError as error:
                self._telemetry.count(CREDENTIALS_REFUSED, label="grpc")
                refusal = errors.answer(error)
                context.set_trailing_metadata(refusal.metadata)
                context.abort(refusal.code, refusal.message)
            return behavior(request, context)

        pool = getattr(behavior, "experimental_thread_pool", None)
        if pool is not None:
            behave.experimental_thread_pool = pool  # type: ignore[attr-defined]
        return behave


def _given(metadata: Any) -> str:
    for key, value in metadata or ():
        if key == AUTHORIZATION:
            return value if isinstance(value, str) else ""
    return ""
