"""Calls as bytes in, message out: what every door (gRPC, HTTP) serves.

Made from the protocol's own descriptors. A door finds the call, says what came
with it (`CallContext`) and translates the answer; the rest is the same for all.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import DecodeError, Message
from google.protobuf.message_factory import GetMessageClass

from runstream.error_codes import (
    INTERNAL_ERROR,
    INVALID_PARAMETER_VALUE,
    STATUS,
    TEMPORARILY_UNAVAILABLE,
)
from runstream.v1 import artifacts_pb2, ingest_pb2, tracking_pb2
from runstream_server.activity import Activity
from runstream_server.errors import AwayError, ErrorPlace, ServiceError
from runstream_server.service import ArtifactsApi, CallContext, IngestApi, QueryApi
from runstream_server.telemetry import CALLS, Telemetry

# For a caller that names no deadline.
DEFAULT_SECONDS = 60.0
# An engine that starts again takes seconds.
_RETRY_AFTER_MS = 1000
_WORD = re.compile(r"(?<!^)(?=[A-Z])")
# Names of gRPC's status codes: what calls are counted by, whatever the door.
_STATUS_NAMES = {
    3: "INVALID_ARGUMENT",
    4: "DEADLINE_EXCEEDED",
    5: "NOT_FOUND",
    6: "ALREADY_EXISTS",
    7: "PERMISSION_DENIED",
    8: "RESOURCE_EXHAUSTED",
    9: "FAILED_PRECONDITION",
    12: "UNIMPLEMENTED",
    13: "INTERNAL",
    14: "UNAVAILABLE",
    16: "UNAUTHENTICATED",
}

_log = logging.getLogger(__name__)


class Services(NamedTuple):
    """What a process serves; None: another process does."""

    ingest: IngestApi | None = None
    query: QueryApi | None = None
    artifacts: ArtifactsApi | None = None


class Watchers(NamedTuple):
    """Who is told of every call."""

    telemetry: Telemetry
    activity: Activity


class Call(NamedTuple):
    """One method of a service.

    service, method: as in the protocol, "runstream.v1.Query" and "GetRun".
    writes: runs where no number of waiting reads can keep it from its thread.
    """

    service: str
    method: str
    writes: bool
    function: Callable[[Any, CallContext], Message]
    request_class: type[Message] | None
    response_class: type[Message]

    def answer(
        self, request_bytes: bytes, context: Callable[[], CallContext], watchers: Watchers
    ) -> Message | ServiceError:
        """What the service answers, or why it does not. Counted; raises nothing."""
        with watchers.activity.call():
            answer = self._answer(request_bytes, context)
        status = "OK" if isinstance(answer, Message) else status_name(answer)
        watchers.telemetry.count(CALLS, label=f"{self.method} {status}")
        return answer

    def _answer(
        self, request_bytes: bytes, context: Callable[[], CallContext]
    ) -> Message | ServiceError:
        try:
            request: bytes | Message = request_bytes
            if self.request_class is not None:
                request = _request(self.request_class, request_bytes)
            return self.function(request, context())
        except ServiceError as error:
            return error
        except AwayError as error:
            _log.warning("%s could not be answered: %s", self.method, error)
            return away(error)
        except Exception as error:
            _log.exception("%s failed", self.method)
            return internal(error)


def calls(services: Services) -> list[Call]:
    """Every method that the given services have."""
    served: list[tuple[Any, Any, bool]] = [
        (ingest_pb2.DESCRIPTOR.services_by_name["Ingest"], services.ingest, True),
        (tracking_pb2.DESCRIPTOR.services_by_name["Query"], services.query, False),
        (artifacts_pb2.DESCRIPTOR.services_by_name["Artifacts"], services.artifacts, True),
    ]
    return [
        _call(descriptor.full_name, method, service, writes)
        for descriptor, service, writes in served
        if service is not None
        for method in descriptor.methods
    ]


def _call(full_name: str, method: MethodDescriptor, service: Any, writes: bool) -> Call:
    return Call(
        full_name,
        method.name,
        writes,
        getattr(service, _WORD.sub("_", method.name).lower()),
        # A batch goes to the log as it came.
        None if method.name == "Append" else GetMessageClass(method.input_type),
        GetMessageClass(method.output_type),
    )


def position_of(name: str, value: bytes) -> tracking_pb2.Position:
    """The position that a call brought under that name. Raises ServiceError."""
    try:
        return tracking_pb2.Position.FromString(value)
    except (DecodeError, TypeError) as error:
        raise ServiceError(
            INVALID_PARAMETER_VALUE,
            f"The metadata {name} is no runstream.v1.Position.",
            ErrorPlace(field=name),
        ) from error


def status_name(error: ServiceError) -> str:
    """gRPC's name for the status of a refusal."""
    status = STATUS.get(error.error_code, STATUS[INTERNAL_ERROR])
    return _STATUS_NAMES[status.grpc]


def detail_of(error: ServiceError, characters: int) -> tracking_pb2.ErrorDetail:
    """A refusal for machines; texts are cut at that length."""
    return tracking_pb2.ErrorDetail(
        error_code=error.error_code,
        field=error.place.field[:characters],
        limit=error.place.limit[:characters],
        retry_after_ms=error.retry_after_ms,
        event_indexes=error.place.event_indexes,
    )


def away(error: AwayError) -> ServiceError:
    """An engine is away: the caller learns that it may come again, the log has the rest."""
    return ServiceError(TEMPORARILY_UNAVAILABLE, error.said, retry_after_ms=_RETRY_AFTER_MS)


def internal(error: Exception) -> ServiceError:
    """A fault of ours: the caller learns its kind, the log has the rest."""
    return ServiceError(
        INTERNAL_ERROR,
        f"The server failed with {type(error).__name__}; its log has the trace.",
    )


def _request(request_class: type[Message], request_bytes: bytes) -> Message:
    try:
        return request_class.FromString(request_bytes)
    except DecodeError as error:
        raise ServiceError(
            INVALID_PARAMETER_VALUE,
            f"The request is no {request_class.DESCRIPTOR.full_name}.",
        ) from error
