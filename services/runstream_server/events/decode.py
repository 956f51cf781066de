"""From a record of the events log to a batch that folds can rely on.

Whatever the bytes are, the answer is a `Batch` in which every value fits its
table, or `UndecodableError` with a sentence. Ingest refuses such records before
they are appended; this is for the ones that come in some other way.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from google.protobuf.message import DecodeError

from runstream.v1 import events_pb2 as pb
from runstream_server.events.folds.columns import Floats, Indexes, Ints
from runstream_server.events.ids import is_model_stream, is_run_id
from runstream_server.events.limits import EVENTS_PER_BATCH, PRODUCER_ID_BYTES, SHA256_BYTES

# The order of events is (offset, index): both in one number of 64 bits.
INDEX_BITS = 20
_INT64_MAX = 2**63 - 1

#: What an event is called whose kind this program does not know.
UNKNOWN_KIND = "unknown"


class UndecodableError(Exception):
    """The record cannot be folded; the message says why."""


class Item(NamedTuple):
    """One event of a batch: its index there, its kind, the message of that kind."""

    number: int
    kind: str
    message: Any


# What a column of points belongs to, within a run and source: key, model id,
# dataset name, dataset digest. A plain tuple, because a batch may have thousands.
Series = tuple[str, str, str, str]


@dataclass(frozen=True)
class MetricsBlock:
    """The points of one event, as arrays over the event's bytes."""

    series: tuple[Series, ...]
    key_index: Indexes
    step: Ints
    timestamp: Ints
    value: Floats


@dataclass(frozen=True)
class Batch:
    """One record of the log.

    run_id: 32 hex characters; empty for the stream of a logged model.
    experiment_id: 0 when the batch creates no run and no logged model.
    items: every event but those with points, which are in `metrics`.
    event_count: as a producer counts its events (see ProducerEnd).
    """

    partition: int
    offset: int
    stream_id: str
    producer_id: bytes
    seq: int
    checksum: int
    run_id: str
    attempt_ms: int
    accepted_ms: int
    source: str
    experiment_id: int
    items: tuple[Item, ...]
    metrics: tuple[MetricsBlock, ...]
    points: int
    event_count: int
    rows: int

    @property
    def identity(self) -> tuple[str, bytes, int]:
        return (self.stream_id, self.producer_id, self.seq)

    @property
    def model_id(self) -> str:
        """Of the stream of a logged model; empty for that of a run."""
        return "" if self.run_id else self.stream_id

    @property
    def owner(self) -> str:
        """32 hex characters: the run, or what follows "m-" in a model's id."""
        return self.run_id or self.stream_id[2:]

    @property
    def producer(self) -> tuple[str, bytes]:
        return (self.stream_id, self.producer_id)

    @property
    def is_void(self) -> bool:
        return any(item.kind == "void" for item in self.items)

    def pos(self, index: int) -> int:
        """The place of an event in the order of its log partition."""
        return self.offset << INDEX_BITS | index


def decode(partition: int, offset: int, value: bytes) -> Batch:
    """Raises UndecodableError, and nothing else, for whatever bytes."""
    request = pb.AppendRequest()
    try:
        request.ParseFromString(value)
    except DecodeError as error:
        raise UndecodableError("the bytes are not a batch") from error
    _check_head(request)
    items, metrics = _split(request)
    points = sum(len(block.step) for block in metrics)
    return Batch(
        partition=partition,
        offset=offset,
        stream_id=request.stream_id,
        producer_id=request.producer_id,
        seq=request.seq,
        checksum=request.content_crc32,
        run_id=request.stream_id if is_run_id(request.stream_id) else "",
        attempt_ms=request.attempt_start_ms,
        accepted_ms=request.accepted_ms,
        source=request.source,
        experiment_id=_experiment_id(request.experiment_id),
        items=items,
        metrics=metrics,
        points=points,
        event_count=sum(item.kind not in _UNCOUNTED for item in items),
        rows=points + sum(1 + _rows_of(item) for item in items),
    )


# What ProducerEnd.events leaves out, beside Metrics.
_UNCOUNTED = frozenset({"producer_started", "producer_end", "void"})


def _check_head(request: pb.AppendRequest) -> None:
    stream = request.stream_id
    if not (is_run_id(stream) or is_model_stream(stream)):
        raise UndecodableError(f"stream_id {stream[:64]!r} is neither a run nor a logged model")
    if len(request.producer_id) != PRODUCER_ID_BYTES:
        raise UndecodableError(f"producer_id has {len(request.producer_id)} bytes, not 16")
    if request.seq < 1:
        raise UndecodableError("seq is 0; batches are counted from 1")
    if len(request.events) > EVENTS_PER_BATCH:
        raise UndecodableError(f"{len(request.events)} events; at most {EVENTS_PER_BATCH} fit")


def _experiment_id(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()) or int(text) > _INT64_MAX:
        raise UndecodableError(f"experiment_id {text[:64]!r} is not a number")
    return int(text)


def _split(request: pb.AppendRequest) -> tuple[tuple[Item, ...], tuple[MetricsBlock, ...]]:
    items: list[Item] = []
    metrics: list[MetricsBlock] = []
    for index, event in enumerate(request.events):
        kind = event.WhichOneof("kind") or UNKNOWN_KIND
        if kind == "metrics":
            metrics.append(_block(index, event.metrics))
            continue
        message = getattr(event, kind, None)
        check = _CHECKS.get(kind)
        if check is not None:
            check(index, message)
        items.append(Item(index, kind, message))
    return tuple(items), tuple(metrics)


def _block(index: int, metrics: pb.Metrics) -> MetricsBlock:
    try:
        block = MetricsBlock(
            series=tuple(
                (one.key, one.model_id, one.dataset_name, one.dataset_digest)
                for one in metrics.series
            ),
            key_index=np.frombuffer(metrics.key_index, dtype="<u4"),
            step=np.frombuffer(metrics.step, dtype="<i8"),
            timestamp=np.frombuffer(metrics.timestamp, dtype="<i8"),
            value=np.frombuffer(metrics.value, dtype="<f8"),
        )
    except ValueError as error:
        raise UndecodableError(
            f"events[{index}]: a column of points ends within an entry"
        ) from error
    lengths = {len(block.key_index), len(block.step), len(block.timestamp), len(block.value)}
    if len(lengths) > 1:
        raise UndecodableError(f"events[{index}]: the columns of points differ in length")
    if len(block.key_index) and int(block.key_index.max()) >= len(block.series):
        raise UndecodableError(f"events[{index}]: a key index is beyond the series")
    return block


def _check_run_updated(index: int, message: pb.RunUpdated) -> None:
    if message.HasField("status") and not 1 <= message.status <= 5:
        raise UndecodableError(f"events[{index}]: status {message.status} does not exist")


def _check_model_updated(index: int, message: pb.LoggedModelUpdated) -> None:
    if message.HasField("status") and not 0 <= message.status <= 3:
        raise UndecodableError(f"events[{index}]: model status {message.status} does not exist")


def _check_artifact(index: int, message: pb.ArtifactLogged) -> None:
    if len(message.sha256) != SHA256_BYTES:
        raise UndecodableError(f"events[{index}]: sha256 has {len(message.sha256)} bytes, not 32")


_CHECKS: Mapping[str, Callable[[int, Any], None]] = {
    "run_updated": _check_run_updated,
    "artifact_logged": _check_artifact,
    "logged_model_updated": _check_model_updated,
}


def _rows_of(item: Item) -> int:
    count = _ROWS.get(item.kind)
    return count(item.message) if count is not None else 0


_ROWS: Mapping[str, Callable[[Any], int]] = {
    "params": lambda message: len(message.params),
    "tags": lambda message: len(message.set) + len(message.delete),
    "inputs": lambda message: len(message.datasets) + len(message.model_ids),
    "outputs": lambda message: len(message.models),
    "logged_model_params": lambda message: len(message.params),
    "logged_model_tags": lambda message: len(message.set) + len(message.delete),
}
