"""A cut as batches: which sequence number carries what, and what a refusal changes.

Pure. A `Send` is everything that the journal must remember so that the bytes of
its batch can be made again: number, checksum, what the agent itself adds
(announcement, stored artifacts, the closing totals) and which events a refusal
took out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from runstream.agent import wire
from runstream.agent.batch import Item, RunContent
from runstream.agent.definitions import Book, RunEntry, Stream
from runstream.v1 import events_pb2, spool_pb2


@dataclass
class StreamState:
    """How far one stream of one producer is, by accepted cuts."""

    seq: int = 0
    points: int = 0
    events: int = 0
    # Sequence number of the last batch with a ProducerEnd.
    ended_seq: int = 0
    # Why nothing of this stream can ever be accepted; empty: it can.
    shut: str = ""


@dataclass(frozen=True)
class Send:
    """One batch of a cut."""

    run_index: int
    seq: int
    crc32: int = 0
    # Not empty: the batch is a Void with this reason.
    void: str = ""
    # Refused events, as indexes into head + content + tail.
    dropped: tuple[int, ...] = ()
    head: tuple[bytes, ...] = ()
    tail: tuple[bytes, ...] = ()
    # Whether the last event of the tail is a ProducerEnd.
    ends: bool = False
    # What the batch adds to the totals.
    points: int = 0
    events: int = 0


@dataclass(frozen=True)
class Identity:
    """Who sends: stands in ProducerStarted and in every batch."""

    producer_id: bytes
    pid: int
    host: str
    client: str


class Planner:
    """Plans the batches of one cut; advances copies of the stream states."""

    def __init__(
        self,
        book: Book,
        identity: Identity,
        streams: Mapping[Stream, StreamState],
        stored: Mapping[int, str],
        event_bytes: int,
    ) -> None:
        self._book = book
        self._identity = identity
        self._streams = streams
        self._stored = stored
        self._event_bytes = event_bytes
        self._ahead: dict[Stream, StreamState] = {}
        self.artifacts: list[int] = []

    def plan(self, contents: Mapping[int, RunContent], candidates: Iterable[int]) -> list[Send]:
        """Batches in sending order.

        candidates: run indexes that may have something to say beside their
        contents: new ones, those with stored artifacts, those that end.
        """
        sends = []
        for run_index in sorted({*contents, *candidates}):
            send = self._send(run_index, contents.get(run_index) or RunContent(run_index))
            if send is not None:
                sends.append(send)
        return sends

    def _state(self, stream: Stream) -> StreamState:
        if stream not in self._ahead:
            self._ahead[stream] = replace(self._streams.get(stream, StreamState()))
        return self._ahead[stream]

    def _send(self, run_index: int, content: RunContent) -> Send | None:
        entry = self._book.runs[run_index]
        state = self._state(entry.stream)
        if state.shut:
            return None
        head = () if state.seq else (self._announcement(entry),)
        tail, waiting = self._artifact_events(entry)
        ends = self._ends(entry, waiting, bool(head or content.items or tail))
        if not (head or content.items or tail or ends):
            return None
        others = sum(1 for item in content.items if not item.points) + len(tail)
        send = Send(
            run_index,
            state.seq + 1,
            head=head,
            tail=tail,
            points=sum(item.points for item in content.items),
            events=others,
        )
        if ends:
            died = self._book.died(entry.stream)
            send = with_end(send, state, died, entry.definition.attempt_start_ms)
        advance(state, send)
        return send

    def _announcement(self, entry: RunEntry) -> bytes:
        return events_pb2.Event(
            time_ms=entry.definition.attempt_start_ms,
            producer_started=events_pb2.ProducerStarted(
                host=self._identity.host,
                pid=self._identity.pid,
                world_size=entry.definition.world_size,
                client=self._identity.client,
            ),
        ).SerializeToString(deterministic=True)

    def _artifact_events(self, entry: RunEntry) -> tuple[tuple[bytes, ...], bool]:
        """Artifacts of the stream that can be logged now, in order, and whether more wait."""
        events: list[bytes] = []
        for artifact in self._book.artifacts_of(entry.stream, self._event_bytes):
            if artifact.at in self.artifacts:
                continue
            key = self._stored.get(artifact.at)
            if key is None or artifact.artifact.run_index != entry.definition.run_index:
                return tuple(events), True
            events.append(artifact_event(artifact.artifact, key))
            self.artifacts.append(artifact.at)
        return tuple(events), False

    def _ends(self, entry: RunEntry, waiting: bool, news: bool) -> bool:
        state = self._state(entry.stream)
        last = self._book.stream_runs(entry.stream, self._event_bytes)[-1]
        return (
            not waiting
            and last is entry
            and self._book.closed(entry.stream, self._event_bytes)
            and (news or state.ended_seq < state.seq)
        )


def artifact_event(artifact: spool_pb2.SpooledArtifact, object_key: str) -> bytes:
    """ArtifactLogged for bytes that are stored."""
    return events_pb2.Event(
        time_ms=artifact.time_ms,
        artifact_logged=events_pb2.ArtifactLogged(
            path=artifact.path,
            object_key=object_key,
            size_bytes=artifact.size_bytes,
            sha256=artifact.sha256,
        ),
    ).SerializeToString(deterministic=True)


def with_end(send: Send, before: StreamState, died: bool, time_ms: int) -> Send:
    """`send` with a ProducerEnd as its last event."""
    end = events_pb2.Event(
        time_ms=time_ms,
        producer_end=events_pb2.ProducerEnd(
            last_seq=send.seq,
            points=before.points + send.points,
            events=before.events + send.events,
            died=died,
        ),
    ).SerializeToString(deterministic=True)
    tail = send.tail[:-1] if send.ends else send.tail
    return replace(send, tail=(*tail, end), ends=True)


def advance(state: StreamState, send: Send) -> None:
    """Count an accepted (or planned) batch."""
    state.seq = send.seq
    state.points += send.points
    state.events += send.events
    if send.ends:
        state.ended_seq = send.seq


def items(send: Send, content: RunContent) -> list[Item]:
    """The events of a batch, whole: nothing dropped yet."""
    return [
        *(Item(event, 0) for event in send.head),
        *content.items,
        *(Item(event, 0) for event in send.tail),
    ]


def kept_content(send: Send, content: RunContent) -> list[Item]:
    """What the process itself logged and the batch carries."""
    dropped, first = set(send.dropped), len(send.head)
    return [item for i, item in enumerate(content.items, first) if i not in dropped]


def kept_items(send: Send, content: RunContent) -> list[Item]:
    """The events of a batch as it is sent."""
    dropped = set(send.dropped)
    return [item for i, item in enumerate(items(send, content)) if i not in dropped]


def payload(send: Send, content: RunContent, entry: RunEntry, producer_id: bytes) -> bytes:
    """The bytes of a batch, as they go to Ingest.Append."""
    header = ingest_header(entry, producer_id, send.seq)
    if send.void:
        void = events_pb2.Event(
            time_ms=entry.definition.attempt_start_ms, void=events_pb2.Void(reason=send.void)
        )
        return wire.append_request(header, [void.SerializeToString(deterministic=True)])
    return wire.append_request(header, [item.event for item in kept_items(send, content)])


def ingest_header(entry: RunEntry, producer_id: bytes, seq: int) -> events_pb2.AppendRequest:
    """The fields of a batch beside its events."""
    return events_pb2.AppendRequest(
        stream_id=entry.definition.run_id,
        producer_id=producer_id,
        seq=seq,
        attempt_start_ms=entry.definition.attempt_start_ms,
        source=entry.definition.source,
    )
