"""Plain services as gRPC handlers, made from the protocol's own descriptors."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, NamedTuple

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from runstream.error_codes import INVALID_PARAMETER_VALUE
from runstream.v1 import artifacts_pb2, ingest_pb2, tracking_pb2
from runstream_server.activity import Activity
from runstream_server.errors import ErrorPlace, ServiceError
from runstream_server.rpc import errors
from runstream_server.service import ArtifactsApi, CallContext, IngestApi, QueryApi
from runstream_server.telemetry import CALLS, Telemetry

POSITION_METADATA = "runstream-position-bin"
# For a caller that names no deadline.
_DEFAULT_SECONDS = 60.0
_WORD = re.compile(r"(?<!^)(?=[A-Z])")

_log = logging.getLogger(__name__)

Behavior = Callable[[bytes, grpc.ServicerContext], Any]


class Services(NamedTuple):
    """What a process serves; None: another process does."""

    ingest: IngestApi | None = None
    query: QueryApi | None = None
    artifacts: ArtifactsApi | None = None


class Watchers(NamedTuple):
    """Who is told of every call."""

    telemetry: Telemetry
    activity: Activity


def handlers(
    services: Services, watchers: Watchers, writes: Executor
) -> dict[str, grpc.GenericRpcHandler[bytes, Message]]:
    """Per full service name its handlers. Writes run in a pool of their own.

    A read may wait for seconds until the view has caught up; no number of such
    reads may keep a write from its thread.
    """
    served: list[tuple[ServiceDescriptor, Any, Executor | None]] = [
        (ingest_pb2.DESCRIPTOR.services_by_name["Ingest"], services.ingest, writes),
        (tracking_pb2.DESCRIPTOR.services_by_name["Query"], services.query, None),
        (artifacts_pb2.DESCRIPTOR.services_by_name["Artifacts"], services.artifacts, writes),
    ]
    return {
        descriptor.full_name: grpc.method_handlers_generic_handler(
            descriptor.full_name,
            {
                method.name: _handler(method, service, watchers, pool)
                for method in descriptor.methods
            },
        )
        for descriptor, service, pool in served
        if service is not None
    }


def _handler(
    method: MethodDescriptor, service: Any, watchers: Watchers, pool: Executor | None
) -> grpc.RpcMethodHandler[bytes, Message]:
    call = getattr(service, _WORD.sub("_", method.name).lower())
    request_class = None if method.name == "Append" else GetMessageClass(method.input_type)
    behavior = _behavior(method.name, call, request_class, watchers)
    if pool is not None:
        # How grpc lets a handler name its threads.
        behavior.experimental_thread_pool = pool  # type: ignore[attr-defined]
    return grpc.unary_unary_rpc_method_handler(
        behavior,
        request_deserializer=None,
        response_serializer=GetMessageClass(method.output_type).SerializeToString,
    )


def _behavior(
    name: str,
    call: Callable[[Any, CallContext], Message],
    request_class: type[Message] | None,
    watchers: Watchers,
) -> Behavior:
    def answered(request_bytes: bytes, context: grpc.ServicerContext) -> Message | ServiceError:
        try:
            request: bytes | Message = request_bytes
            if request_class is not None:
                request = _request(request_class, request_bytes)
            return call(request, _context(context))
        except ServiceError as error:
            return error
        except Exception as error:
            _log.exception("%s failed", name)
            return errors.internal(error)

    def behave(request_bytes: bytes, context: grpc.ServicerContext) -> Message:
        with watchers.activity.call():
            response = answered(request_bytes, context)
        if isinstance(response, ServiceError):
            refusal = errors.answer(response)
            watchers.telemetry.count(CALLS, label=f"{name} {refusal.code.name}")
            context.set_trailing_metadata(refusal.metadata)
            context.abort(refusal.code, refusal.message)
        watchers.telemetry.count(CALLS, label=f"{name} OK")
        return response

    return behave


def _request(request_class: type[Message], request_bytes: bytes) -> Message:
    try:
        return request_class.FromString(request_bytes)
    except DecodeError as error:
        raise ServiceError(
            INVALID_PARAMETER_VALUE,
            f"The request is no {request_class.DESCRIPTOR.full_name}.",
        ) from error


def _context(context: grpc.ServicerContext) -> CallContext:
    remaining = context.time_remaining()
    seconds = _DEFAULT_SECONDS if remaining is None else remaining
    return CallContext(_position(context), time.monotonic() + seconds)


def _position(context: grpc.ServicerContext) -> tracking_pb2.Position | None:
    for key, value in context.invocation_metadata():
        if key == POSITION_METADATA:
            try:
                return tracking_pb2.Position.FromString(_bytes(value))
            except (DecodeError, TypeError) as error:
                raise ServiceError(
                    INVALID_PARAMETER_VALUE,
                    f"The metadata {POSITION_METADATA} is no runstream.v1.Position.",
                    ErrorPlace(field=POSITION_METADATA),
                ) from error
    return None


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
