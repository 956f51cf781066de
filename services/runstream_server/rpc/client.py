"""Services of other processes, behind the same interface as one's own."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from runstream.error_codes import FROM_GRPC, INTERNAL_ERROR, TEMPORARILY_UNAVAILABLE
from runstream.v1 import artifacts_pb2, ingest_pb2, tracking_pb2
from runstream_server.errors import ErrorPlace, ServiceError
from runstream_server.events.limits import MESSAGE_MAX_BYTES
from runstream_server.rpc.adapters import POSITION_METADATA
from runstream_server.rpc.errors import ERROR_METADATA
from runstream_server.service import ArtifactsApi, CallContext, IngestApi, QueryApi

_OPTIONS = [
    ("grpc.max_receive_message_length", MESSAGE_MAX_BYTES),
    ("grpc.max_send_message_length", MESSAGE_MAX_BYTES),
    ("grpc.enable_http_proxy", 0),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.enable_retries", 0),
    # Where a name stands for several processes, all of them get calls.
    ("grpc.lb_policy_name", "round_robin"),
]
_WORD = re.compile(r"(?<!^)(?=[A-Z])")
# Between two rounds over processes of which none answers.
_PAUSE_SECONDS = 0.2
_RETRY_AFTER_MS = 500


class Access(NamedTuple):
    """How other processes are called.

    token: sent with a call that brings no credentials of its caller; empty: none.
    secure: by TLS. ca: the PEM file of who signed their certificates; empty: those that
        the machine trusts.
    """

    token: str = ""
    secure: bool = False
    ca: bytes = b""

    def __repr__(self) -> str:
        return f"Access(token={'***' if self.token else ''!r}, secure={self.secure})"


NO_CREDENTIALS = Access()


class RpcClient:
    """Connections to processes of one kind, which all answer alike. Thread-safe.

    A call that nobody answers goes to the next process, until its deadline: every
    request may be repeated.
    """

    def __init__(self, addresses: Sequence[str], access: Access = NO_CREDENTIALS) -> None:
        self._addresses = tuple(addresses)
        self._channels = [_channel(address, access) for address in addresses]
        self._authorization = f"Bearer {access.token}" if access.token else ""
        self._first = itertools.count()

    @property
    def ingest(self) -> IngestApi:
        return cast(IngestApi, self._remote(ingest_pb2.DESCRIPTOR.services_by_name["Ingest"]))

    @property
    def query(self) -> QueryApi:
        return cast(QueryApi, self._remote(tracking_pb2.DESCRIPTOR.services_by_name["Query"]))

    @property
    def artifacts(self) -> ArtifactsApi:
        service = artifacts_pb2.DESCRIPTOR.services_by_name["Artifacts"]
        return cast(ArtifactsApi, self._remote(service))

    def close(self) -> None:
        """Ends every call that is under way. May be called twice."""
        for channel in self._channels:
            channel.close()

    def _remote(self, service: ServiceDescriptor) -> _Remote:
        return _Remote({_name(method): self._method(method) for method in service.methods})

    def _method(self, method: MethodDescriptor) -> Callable[[Any, CallContext], Message]:
        path = f"/{method.containing_service.full_name}/{method.name}"
        response_class = GetMessageClass(method.output_type)

        def call(request: bytes | Message, ctx: CallContext) -> Message:
            body = request if isinstance(request, bytes) else request.SerializeToString()
            return response_class.FromString(self._call(path, body, ctx))

        return call

    def _call(self, path: str, body: bytes, ctx: CallContext) -> bytes:
        first = next(self._first)
        for attempt in itertools.count():
            channel = self._channels[(first + attempt) % len(self._channels)]
            try:
                return self._once(channel, path, body, ctx)
            except _NobodyError as error:
                pause = _PAUSE_SECONDS if (attempt + 1) % len(self._channels) == 0 else 0.0
                if ctx.remaining_seconds() <= pause:
                    raise self._away(str(error)) from error
                time.sleep(pause)
        raise AssertionError("unreachable")

    def _once(self, channel: grpc.Channel, path: str, body: bytes, ctx: CallContext) -> bytes:
        metadata: list[tuple[str, str | bytes]] = []
        if given := ctx.authorization or self._authorization:
            metadata.append(("authorization", given))
        if ctx.position is not None:
            metadata.append((POSITION_METADATA, ctx.position.SerializeToString()))
        try:
            answer: bytes = channel.unary_unary(path, _as_is, _as_is)(
                body, timeout=max(ctx.remaining_seconds(), 0.001), metadata=tuple(metadata)
            )
        except grpc.RpcError as error:
            raise _refusal(error) from error
        except ValueError as error:  # closed by another thread
            raise self._away(str(error)) from error
        return answer

    def _away(self, why: str) -> ServiceError:
        return ServiceError(
            TEMPORARILY_UNAVAILABLE,
            f"None of {', '.join(self._addresses)} answers: {why}. Try again in a moment.",
            retry_after_ms=_RETRY_AFTER_MS,
        )


class _Remote:
    """Has a method of each name. Protocols are matched by the caller's cast."""

    def __init__(self, methods: dict[str, Callable[[Any, CallContext], Message]]) -> None:
        self.__dict__.update(methods)


class _NobodyError(Exception):
    """Nobody answered there; another process may."""


def _channel(address: str, access: Access) -> grpc.Channel:
    if access.secure:
        credentials = grpc.ssl_channel_credentials(access.ca or None)
        return grpc.secure_channel(address, credentials, _OPTIONS)
    return grpc.insecure_channel(address, _OPTIONS)


def _name(method: MethodDescriptor) -> str:
    return _WORD.sub("_", method.name).lower()


def _as_is(message: bytes) -> bytes:
    return message


def _refusal(error: grpc.RpcError) -> Exception:
    if not isinstance(error, grpc.Call):
        return _NobodyError(str(error))
    code, message = error.code(), error.details() or ""
    detail = _detail(error)
    if detail is None:
        if code is grpc.StatusCode.UNAVAILABLE:
            return _NobodyError(message)
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return ServiceError(
                TEMPORARILY_UNAVAILABLE,
                "The process that was asked did not answer in time; try again.",
                retry_after_ms=_RETRY_AFTER_MS,
            )
        return ServiceError(FROM_GRPC.get(int(code.value[0]), INTERNAL_ERROR), message)
    place = ErrorPlace(detail.field, detail.limit, tuple(detail.event_indexes))
    return ServiceError(detail.error_code, message, place, retry_after_ms=detail.retry_after_ms)


def _detail(error: grpc.Call) -> tracking_pb2.ErrorDetail | None:
    for key, value in error.trailing_metadata() or ():
        if key == ERROR_METADATA and isinstance(value, bytes):
            try:
                return tracking_pb2.ErrorDetail.FromString(value)
            except DecodeError:
                continue
    return None
