"""Calls as gRPC handlers."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any

import grpc
from google.protobuf.message import Message

from runstream.v1 import tracking_pb2
from runstream_server.calls import (
    DEFAULT_SECONDS,
    Call,
    Services,
    Watchers,
    calls,
    position_of,
)
from runstream_server.errors import ServiceError
from runstream_server.rpc import errors
from runstream_server.rpc.guard import caller
from runstream_server.service import CallContext

__all__ = ["POSITION_METADATA", "Services", "Watchers", "handlers"]

# Who waits until the caller's last moment cannot say any more what it waited for:
# so much of the time, and no larger a share of it, is kept for the answer.
_ANSWER_SECONDS = 0.2
_ANSWER_SHARE = 0.2
POSITION_METADATA = "runstream-position-bin"

Behavior = Callable[[bytes, grpc.ServicerContext], Any]


def handlers(
    services: Services, watchers: Watchers, writes: Executor
) -> dict[str, grpc.GenericRpcHandler[bytes, Message]]:
    """Per full service name its handlers. Writes run in a pool of their own.

    A read may wait for seconds until the view has caught up; no number of such
    reads may keep a write from its thread.
    """
    served: dict[str, dict[str, grpc.RpcMethodHandler[bytes, Message]]] = {}
    for call in calls(services):
        pool = writes if call.writes else None
        served.setdefault(call.service, {})[call.method] = _handler(call, watchers, pool)
    return {
        name: grpc.method_handlers_generic_handler(name, methods)
        for name, methods in served.items()
    }


def _handler(
    call: Call, watchers: Watchers, pool: Executor | None
) -> grpc.RpcMethodHandler[bytes, Message]:
    behavior = _behavior(call, watchers)
    if pool is not None:
        # How grpc lets a handler name its threads.
        behavior.experimental_thread_pool = pool  # type: ignore[attr-defined]
    return grpc.unary_unary_rpc_method_handler(
        behavior,
        request_deserializer=None,
        response_serializer=call.response_class.SerializeToString,
    )


def _behavior(call: Call, watchers: Watchers) -> Behavior:
    def behave(request_bytes: bytes, context: grpc.ServicerContext) -> Message:
        response = call.answer(request_bytes, lambda: _context(context), watchers)
        if isinstance(response, ServiceError):
            refusal = errors.answer(response)
            context.set_trailing_metadata(refusal.metadata)
            context.abort(refusal.code, refusal.message)
        return response

    return behave


def _context(context: grpc.ServicerContext) -> CallContext:
    remaining = context.time_remaining()
    seconds = DEFAULT_SECONDS if remaining is None else remaining
    seconds -= min(_ANSWER_SECONDS, seconds * _ANSWER_SHARE)
    return CallContext(_position(context), time.monotonic() + seconds, *caller())


def _position(context: grpc.ServicerContext) -> tracking_pb2.Position | None:
    for key, value in context.invocation_metadata():
        if key == POSITION_METADATA:
            return position_of(key, _bytes(value))
    return None


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
