"""The SDK under test: a spool that can be read, an agent that answers by a table."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from google.protobuf.message import Message

from runstream._agent_calls import OnProgress
from runstream.agent.client import AgentUnavailable
from runstream.error_codes import STATUS
from runstream.spool.folders import process_names, scope_folders
from runstream.spool.reader import SpoolReader
from runstream.v1 import events_pb2, spool_pb2

_CELL = struct.Struct("<IIqdq")
_RUN_BIT = 0x8000_0000


class FakeAgent:
    """Answers calls by their method; without an answer the server is away.

    requests: everything it was asked, in order.
    """

    def __init__(self) -> None:
        self.requests: list[spool_pb2.AgentRequest] = []
        self.timeouts: list[float] = []
        self._answers: dict[str, Callable[[bytes], spool_pb2.AgentResponse]] = {}

    def answer(self, method: str, answer: Message | Callable[[bytes], Message]) -> None:
        """Answer `Service/Method` (or "flush", "download", "upload") with a message."""

        def respond(request: bytes) -> spool_pb2.AgentResponse:
            message = answer(request) if callable(answer) else answer
            if isinstance(message, spool_pb2.AgentResponse):
                return message
            return spool_pb2.AgentResponse(response=message.SerializeToString())

        self._answers[method] = respond

    def refuse(self, method: str, error_code: str, message: str) -> None:
        """Answer a method with an error."""
        response = spool_pb2.AgentResponse(
            code=STATUS[error_code].grpc, error_code=error_code, message=message
        )
        self.answer(method, response)

    def asked(self, method: str) -> list[bytes]:
        """The requests of one method."""
        return [content for name, content in map(_named, self.requests) if name == method]

    def call(
        self,
        request: spool_pb2.AgentRequest,
        timeout: float,
        on_progress: OnProgress | None = None,
    ) -> spool_pb2.AgentResponse:
        self.requests.append(request)
        self.timeouts.append(timeout)
        method, content = _named(request)
        if method not in self._answers:
            raise AgentUnavailable(f"no answer to {method}")
        return self._answers[method](content)


def _named(request: spool_pb2.AgentRequest) -> tuple[str, bytes]:
    kind = request.WhichOneof("kind") or ""
    if kind == "call":
        return request.call.method.removeprefix("/runstream.v1."), request.call.request
    part: Message = getattr(request, kind)
    return kind, part.SerializeToString()


@dataclass
class Point:
    """A cell, with the names it stands for."""

    run_id: str
    series: spool_pb2.SeriesDefinition
    step: int
    value: float
    timestamp_ms: int

    @property
    def key(self) -> str:
        return self.series.key


@dataclass
class Spooled:
    """Everything in the spools of a folder, in program order per process."""

    runs: list[spool_pb2.RunDefinition] = field(default_factory=list)
    events: list[tuple[str, events_pb2.Event]] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    artifacts: list[tuple[str, spool_pb2.SpooledArtifact, Path]] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    ended_processes: int = 0

    def of(self, run_id: str) -> list[events_pb2.Event]:
        """The events of one run."""
        return [event for run, event in self.events if run == run_id]

    def tags(self, run_id: str) -> dict[str, str]:
        """Tags that were set and not deleted."""
        tags: dict[str, str] = {}
        for event in self.of(run_id):
            tags.update({tag.key: tag.value for tag in event.tags.set})
            for key in event.tags.delete:
                tags.pop(key, None)
        return tags

    def params(self, run_id: str) -> dict[str, str]:
        return {p.key: p.value for event in self.of(run_id) for p in event.params.params}

    def status(self, run_id: str) -> str:
        """The last status that was set."""
        status = "RUNNING"
        for event in self.of(run_id):
            if event.run_updated.HasField("status"):
                status = events_pb2.RunStatus.Name(event.run_updated.status)
        return status


def spooled() -> Spooled:
    """What lies in the spools of this scope now."""
    found = Spooled()
    folders = scope_folders()
    for name in process_names(folders):
        _read(SpoolReader(folders, name), found)
    return found


def _read(reader: SpoolReader, found: Spooled) -> None:
    runs: dict[int, spool_pb2.RunDefinition] = {}
    series: dict[tuple[int, int], spool_pb2.SeriesDefinition] = {}
    position = 0
    while frames := reader.frames(position, 2**30):
        for frame in frames:
            _take(frame.frame, runs, series, found, reader.folders.disk / "blobs")
            position = frame.end
    for piece in reader.cells(0, reader.valid_cells()):
        for word, index, step, value, timestamp_ms in _CELL.iter_unpack(piece):
            run = runs[word & ~_RUN_BIT]
            of = series[run.run_index, index]
            found.points.append(Point(run.run_id, of, step, value, timestamp_ms))


def _take(
    frame: spool_pb2.SpoolFrame,
    runs: dict[int, spool_pb2.RunDefinition],
    series: dict[tuple[int, int], spool_pb2.SeriesDefinition],
    found: Spooled,
    blobs: Path,
) -> None:
    kind = frame.WhichOneof("kind")
    if kind == "run":
        runs[frame.run.run_index] = frame.run
        found.runs.append(frame.run)
    elif kind == "series":
        series[frame.series.run_index, frame.series.series_index] = frame.series
    elif kind == "event":
        event = events_pb2.Event.FromString(frame.event.event)
        found.events.append((runs[frame.event.run_index].run_id, event))
    elif kind == "artifact":
        run_id = runs[frame.artifact.run_index].run_id
        found.artifacts.append((run_id, frame.artifact, blobs / frame.artifact.blob))
    elif kind == "run_closed":
        found.closed.append(runs[frame.run_closed.run_index].run_id)
    else:
        found.ended_processes += 1
