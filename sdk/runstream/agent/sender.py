"""The agent's connection to one server: the only module that imports gRPC."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import grpc
from google.protobuf.message import DecodeError

from runstream import error_codes
from runstream.agent.address import Address
from runstream.agent.limits import APPEND_TIMEOUT_SECONDS, GRPC_MESSAGE_MAX_BYTES
from runstream.agent.outcome import Accepted, Failed, Outcome, Refused
from runstream.v1 import ingest_pb2, tracking_pb2

APPEND = "/runstream.v1.Ingest/Append"
POSITION_METADATA = "runstream-position-bin"
ERROR_METADATA = "runstream-error-bin"

_OPTIONS = [
    ("grpc.max_send_message_length", GRPC_MESSAGE_MAX_BYTES),
    ("grpc.max_receive_message_length", GRPC_MESSAGE_MAX_BYTES),
    # Our own waits decide when to try again; gRPC's would come on top.
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.enable_retries", 0),
    # A new connection for each destination, not one shared by equal addresses:
    # a server that came back would be met with the old one's back-off.
    ("grpc.use_local_subchannel_pool", 1),
]

_UNAVAILABLE, _DEADLINE_EXCEEDED = 14, 4
# What a Runstream server says when a batch can never be stored.
_FINAL = frozenset({3, 5, 9})  # INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION


@dataclass(frozen=True)
class Answer:
    """What a unary call gave: a response, or a gRPC code with our detail."""

    code: int = 0
    message: str = ""
    response: bytes = b""
    detail: tracking_pb2.ErrorDetail | None = None

    @property
    def error_code(self) -> str:
        """Our code, or the one that stands for the status of a foreign server."""
        if self.detail is not None and self.detail.error_code:
            return self.detail.error_code
        return error_codes.FROM_GRPC.get(self.code, error_codes.INTERNAL_ERROR)

    @property
    def away(self) -> bool:
        """Nobody answered there."""
        return self.code == _UNAVAILABLE and self.detail is None


class Sender:
    """One channel. Thread-safe; `close` ends every call that is under way."""

    def __init__(self, address: Address) -> None:
        options: list[tuple[str, int]] = [*_OPTIONS]
        if address.local:
            options.append(("grpc.enable_http_proxy", 0))
        if address.secure:
            credentials = grpc.ssl_channel_credentials()
            self._channel = grpc.secure_channel(address.grpc_target, credentials, options)
        else:
            self._channel = grpc.insecure_channel(address.grpc_target, options)
        self._append = self._channel.unary_unary(APPEND, _as_is, _as_is)

    def append(self, payload: bytes, on_outcome: Callable[[Outcome], None]) -> None:
        """Send a batch; `on_outcome` is called once, on a thread of gRPC."""
        call = self._append.future(payload, timeout=APPEND_TIMEOUT_SECONDS)
        call.add_done_callback(lambda done: on_outcome(_outcome(done)))

    def call(
        self, method: str, request: bytes, timeout_seconds: float, position: bytes = b""
    ) -> Answer:
        """Make a unary call and wait for its answer; raises nothing for a failed one."""
        metadata = ((POSITION_METADATA, position),) if position else ()
        try:
            response = self._channel.unary_unary(method, _as_is, _as_is)(
                request, timeout=max(timeout_seconds, 0.001), metadata=metadata
            )
        except grpc.RpcError as error:
            return _failure(error)
        except ValueError as error:  # the channel was closed meanwhile
            return Answer(_UNAVAILABLE, str(error))
        return Answer(response=response)

    def close(self) -> None:
        """Give up the connection."""
        self._channel.close()


def _as_is(message: bytes) -> bytes:
    return message


def _outcome(call: grpc.Future[bytes]) -> Outcome:
    try:
        answer = Answer(response=call.result())
    except grpc.RpcError as error:
        answer = _failure(error)
    except (grpc.FutureCancelledError, ValueError) as error:
        answer = Answer(_UNAVAILABLE, f"the connection was closed: {error}")
    return outcome(answer)


def outcome(answer: Answer) -> Outcome:
    """What an answer to Append means. Only a Runstream server can refuse for good."""
    if answer.code == 0:
        try:
            response = ingest_pb2.AppendResponse.FromString(answer.response)
        except DecodeError as error:
            return Failed(0, f"the server's answer cannot be read: {error}")
        return Accepted(response.position, response.experiment_id, response.warning)
    if answer.detail is not None and answer.code in _FINAL:
        return Refused(answer.code, answer.message, answer.detail)
    asked = answer.detail.retry_after_ms / 1000 if answer.detail is not None else 0.0
    # No answer in all that time: perhaps nobody is at the other end any more.
    silent = answer.code == _DEADLINE_EXCEEDED and answer.detail is None
    return Failed(answer.code, answer.message, asked, answer.away or silent)


def _failure(error: grpc.RpcError) -> Answer:
    if not isinstance(error, grpc.Call):
        return Answer(_UNAVAILABLE, str(error))
    detail = None
    for key, value in error.trailing_metadata() or ():
        if key == ERROR_METADATA and isinstance(value, bytes):
            try:
                detail = tracking_pb2.ErrorDetail.FromString(value)
            except DecodeError:
                continue
    code = error.code().value[0]
    return Answer(int(code), error.details() or "", detail=detail)
