"""The agent's connection to one server: the only module that imports gRPC."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable

import grpc
from google.protobuf.message import DecodeError

from runstream.agent import tls
from runstream.agent.address import Address
from runstream.agent.answer import UNAVAILABLE, Answer, outcome
from runstream.agent.limits import APPEND_TIMEOUT_SECONDS, GRPC_MESSAGE_MAX_BYTES
from runstream.agent.outcome import Outcome
from runstream.error_codes import TEMPORARILY_UNAVAILABLE
from runstream.v1 import tracking_pb2

__all__ = ["APPEND", "Answer", "Sender", "outcome"]

APPEND = "/runstream.v1.Ingest/Append"
POSITION_METADATA = "runstream-position-bin"
ERROR_METADATA = "runstream-error-bin"
_READS = "/runstream.v1.Query/"
# Between two rounds over processes of which none answers reads.
_PAUSE_SECONDS = 0.2
_NO_READER = tracking_pb2.ErrorDetail(error_code=TEMPORARILY_UNAVAILABLE)

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


class Sender:
    """A channel, and others for reads where others answer them.

    Thread-safe; `close` ends every call that is under way. Raises TlsError when a
    file of the access cannot be read.
    """

    name = "grpc"

    def __init__(self, address: Address) -> None:
        given = address.access.authorization
        self._metadata = (("authorization", given),) if given else ()
        self._channel = _channel(address, address.grpc_target)
        self._readers = [_channel(address, target) for target in address.query_targets]
        self._reader = random.randrange(len(self._readers)) if self._readers else 0
        self._append = self._channel.unary_unary(APPEND, _as_is, _as_is)

    def append(self, payload: bytes, on_outcome: Callable[[Outcome], None]) -> None:
        """Send a batch; `on_outcome` is called once, on a thread of gRPC."""
        call = self._append.future(payload, timeout=APPEND_TIMEOUT_SECONDS, metadata=self._metadata)
        call.add_done_callback(lambda done: on_outcome(_outcome(done)))

    def call(
        self, method: str, request: bytes, timeout_seconds: float, position: bytes = b""
    ) -> Answer:
        """Make a unary call and wait for its answer; raises nothing for a failed one."""
        if not self._readers or not method.startswith(_READS):
            return self._call(self._channel, method, request, timeout_seconds, position)
        deadline = time.monotonic() + timeout_seconds
        for attempt in itertools.count(1):
            reader, left = self._reader, deadline - time.monotonic()
            answer = self._call(self._readers[reader], method, request, left, position)
            if not answer.away:
                return answer
            self._reader = (reader + 1) % len(self._readers)
            if attempt % len(self._readers) == 0:
                if time.monotonic() + _PAUSE_SECONDS >= deadline:
                    break
                time.sleep(_PAUSE_SECONDS)
        # Nobody who reads is there; the connection for writes is as good as before.
        return Answer(UNAVAILABLE, answer.message, detail=_NO_READER)

    def _call(
        self,
        channel: grpc.Channel,
        method: str,
        request: bytes,
        timeout_seconds: float,
        position: bytes,
    ) -> Answer:
        metadata: tuple[tuple[str, str | bytes], ...] = self._metadata
        if position:
            metadata += ((POSITION_METADATA, position),)
        try:
            response = channel.unary_unary(method, _as_is, _as_is)(
                request, timeout=max(timeout_seconds, 0.001), metadata=metadata
            )
        except grpc.RpcError as error:
            return _failure(error)
        except ValueError as error:  # the channel was closed meanwhile
            return Answer(UNAVAILABLE, str(error))
        return Answer(response=response)

    def close(self) -> None:
        """Give up the connections."""
        for channel in (self._channel, *self._readers):
            channel.close()


def _channel(address: Address, target: str) -> grpc.Channel:
    # Which proxy, if any, is said by us: gRPC would read other variables.
    options: list[tuple[str, int | str]] = [*_OPTIONS]
    if address.proxy is None:
        options.append(("grpc.enable_http_proxy", 0))
    else:
        options.append(("grpc.http_proxy", address.proxy.url))
    if not address.secure:
        return grpc.insecure_channel(target, options)
    own = tls.client_certificate(address.access)
    credentials = grpc.ssl_channel_credentials(tls.roots(address.access), own, own)
    return grpc.secure_channel(target, credentials, options)


def _as_is(message: bytes) -> bytes:
    return message


def _outcome(call: grpc.Future[bytes]) -> Outcome:
    try:
        answer = Answer(response=call.result())
    except grpc.RpcError as error:
        answer = _failure(error)
    except (grpc.FutureCancelledError, ValueError) as error:
        answer = Answer(UNAVAILABLE, f"the connection was closed: {error}")
    return outcome(answer)


def _failure(error: grpc.RpcError) -> Answer:
    if not isinstance(error, grpc.Call):
        return Answer(UNAVAILABLE, str(error))
    detail = None
    for key, value in error.trailing_metadata() or ():
        if key == ERROR_METADATA and isinstance(value, bytes):
            try:
                detail = tracking_pb2.ErrorDetail.FromString(value)
            except DecodeError:
                continue
    code = error.code().value[0]
    return Answer(int(code), error.details() or "", detail=detail)
