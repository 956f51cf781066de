"""Is a batch allowed? Decided whole, before anything of it is appended."""

from __future__ import annotations

from collections.abc import Sequence

from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from runstream.error_codes import INVALID_PARAMETER_VALUE
from runstream.v1 import events_pb2 as pb
from runstream_server.errors import ErrorPlace, ServiceError
from runstream_server.events import ids, limits, rules
from runstream_server.events.kinds import MODEL_KINDS, RUN_KINDS, Rule
from runstream_server.events.records import FIRST_ADDED_FIELD

_REGISTRY_KINDS = ("genesis", "experiment_")
_MODEL_KINDS = "logged_model_"


def parsed(request_bytes: bytes) -> pb.AppendRequest:
    """The request, if it is small enough and is one.

    Raises ServiceError INVALID_PARAMETER_VALUE.
    """
    size = len(request_bytes)
    if size > limits.RECORD_MAX_BYTES:
        raise ServiceError(
            INVALID_PARAMETER_VALUE,
            f"The batch has {size} bytes; a batch has at most {limits.RECORD_MAX_BYTES}. "
            "Send it in several batches.",
            ErrorPlace(field="events", limit=f"{limits.RECORD_MAX_BYTES} bytes"),
        )
    try:
        return pb.AppendRequest.FromString(request_bytes)
    except DecodeError as error:
        raise ServiceError(
            INVALID_PARAMETER_VALUE, "The request is no runstream.v1.AppendRequest."
        ) from error


def check_batch(request: pb.AppendRequest) -> None:
    """Every rule of a batch that a client sends.

    Raises ServiceError INVALID_PARAMETER_VALUE that names the first fault and
    the indexes of all events that have one (as many as an answer can carry).
    """
    try:
        _check_header(request)
    except rules.RuleError as fault:
        raise refusal([(None, fault)]) from fault
    kinds = RUN_KINDS if ids.is_run_id(request.stream_id) else MODEL_KINDS
    faults = list(_event_faults(request, kinds))
    if faults:
        raise refusal(faults)


def refusal(faults: Sequence[tuple[int | None, rules.RuleError]]) -> ServiceError:
    """The answer to a batch with these faults: (index of the event, fault)."""
    first = faults[0][1]
    others = f" ({len(faults) - 1} more events are refused.)" if len(faults) > 1 else ""
    named = [index for index, _ in faults if index is not None]
    return ServiceError(
        INVALID_PARAMETER_VALUE,
        first.message + others,
        ErrorPlace(first.field, first.limit, named[: limits.REFUSED_INDEXES_NAMED]),
    )


def _check_header(request: pb.AppendRequest) -> None:
    _check_stream(request.stream_id)
    rules.exact_bytes("producer_id", request.producer_id, limits.PRODUCER_ID_BYTES)
    if request.seq < 1:
        raise rules.invalid("seq", request.seq, "batches count from 1.", "1 or more")
    rules.not_negative("attempt_start_ms", request.attempt_start_ms)
    rules.source("source", request.source)
    if not request.events:
        raise rules.RuleError("events", "Missing value for required parameter 'events'.")
    if len(request.events) > limits.EVENTS_PER_BATCH:
        raise rules.RuleError(
            "events",
            f"A batch can contain at most {limits.EVENTS_PER_BATCH} events; this one has "
            f"{len(request.events)}.",
            f"{limits.EVENTS_PER_BATCH} events",
        )
    _check_added_fields(request)


def _check_stream(stream_id: str) -> None:
    if stream_id == ids.REGISTRY_STREAM:
        raise rules.invalid(
            "stream_id", stream_id, "experiments are changed by CreateExperiment and its siblings."
        )
    rules.required("stream_id", stream_id)
    if not ids.is_run_id(stream_id) and not ids.is_model_stream(stream_id):
        raise rules.invalid(
            "stream_id",
            stream_id,
            "it must be a run id (32 lower-case hex characters) or a model id (m- and 32 of them).",
        )


def _check_added_fields(request: pb.AppendRequest) -> None:
    unknown = UnknownFieldSet(request)
    later = [unknown[index].field_number for index in range(len(unknown))]
    known = [descriptor.number for descriptor, _ in request.ListFields()]
    added = [number for number in known + later if number >= FIRST_ADDED_FIELD]
    if added:
        raise rules.RuleError(
            f"field {min(added)}",
            f"The request sets field {min(added)}; fields from {FIRST_ADDED_FIELD} on are set by "
            "the server.",
            f"less than {FIRST_ADDED_FIELD}",
        )


def _event_faults(
    request: pb.AppendRequest, kinds: dict[str, Rule]
) -> list[tuple[int | None, rules.RuleError]]:
    faults: list[tuple[int | None, rules.RuleError]] = []
    for index, event in enumerate(request.events):
        try:
            _check_event(event, f"events[{index}]", kinds)
            _check_model(event, f"events[{index}]", request.stream_id)
        except rules.RuleError as fault:
            faults.append((index, fault))
    return faults


def _check_event(event: pb.Event, path: str, kinds: dict[str, Rule]) -> None:
    if event.time_ms < 0:
        rules.not_negative(f"{path}.time_ms", event.time_ms)
    kind = event.WhichOneof("kind")
    if kind is None:
        if not len(UnknownFieldSet(event)):
            raise rules.RuleError(path, f"'{path}' holds no event of any kind.")
        return
    rule = kinds.get(kind)
    if rule is None:
        raise rules.RuleError(f"{path}.{kind}", _misplaced(kind))
    rule(getattr(event, kind), f"{path}.{kind}")


def _check_model(event: pb.Event, path: str, stream_id: str) -> None:
    """What concerns a logged model stands in its stream: that is its order."""
    kind = event.WhichOneof("kind") or ""
    if kind.startswith(_MODEL_KINDS) and getattr(event, kind).model_id != stream_id:
        raise rules.invalid(
            f"{path}.{kind}.model_id",
            getattr(event, kind).model_id,
            f"it must be the id of the stream, {stream_id!r}.",
        )


def _misplaced(kind: str) -> str:
    if kind.startswith(_REGISTRY_KINDS):
        return f"An event of kind {kind} belongs to the registry, which only the server writes."
    if kind.startswith(_MODEL_KINDS):
        return f"An event of kind {kind} belongs to the stream of the logged model."
    return f"An event of kind {kind} belongs to the stream of a run."
