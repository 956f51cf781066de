"""What the frames of one process have said so far: runs, series, artifacts, ends.

The book is a function of the frames alone. It is read ahead of the lanes, so
everything carries the byte position of its frame: a cut that ends at `e` uses
only what stands before `e`, and is so the same when it is built again.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from typing import NamedTuple

from runstream.agent import wire
from runstream.v1 import events_pb2, spool_pb2

_RUN_UPDATED_TAG = 0x5A  # Event.run_updated = 11
_FINAL_STATUSES = frozenset({events_pb2.FINISHED, events_pb2.FAILED, events_pb2.KILLED})


class Stream(NamedTuple):
    """One run at one server, from one process."""

    tracking_uri: str
    run_id: str


@dataclass
class RunEntry:
    """One definition of a run; the same run may be defined again later."""

    definition: spool_pb2.RunDefinition
    at: int
    cells_before: int
    closed_at: int | None = None
    died: bool = False
    # Where the process itself gave the run a final status.
    ended_at: int | None = None
    # Fields of key tables, by series index.
    series: dict[int, bytes] = field(default_factory=dict)
    # Per definition in order of frames: its position, the greatest index so far.
    _series_at: list[int] = field(default_factory=list)
    _series_max: list[int] = field(default_factory=list)

    @property
    def stream(self) -> Stream:
        return Stream(self.definition.tracking_uri, self.definition.run_id)

    def define_series(self, at: int, index: int, table_field: bytes) -> None:
        """Take a definition; threads may commit them in another order than they count."""
        self.series[index] = table_field
        self._series_at.append(at)
        self._series_max.append(max(index, self._series_max[-1] if self._series_max else 0))

    def whole_table(self, event_bytes: int) -> int | None:
        """How many series were defined before that position; None when one is missing."""
        count = bisect_left(self._series_at, event_bytes)
        return count if not count or self._series_max[count - 1] == count - 1 else None


@dataclass
class ArtifactEntry:
    """Bytes that wait for their upload; known by the position of their frame."""

    at: int
    artifact: spool_pb2.SpooledArtifact


def is_state(frame: spool_pb2.SpoolFrame) -> bool:
    """Whether the book is made of such frames; all others are passed on and forgotten."""
    return frame.WhichOneof("kind") not in ("event", None) or _ends_run(frame.event.event)


def _ends_run(event: bytes) -> bool:
    if _RUN_UPDATED_TAG not in event[:12]:  # behind time_ms, of at most 11 bytes
        return False
    return events_pb2.Event.FromString(event).run_updated.status in _FINAL_STATUSES


class BookError(Exception):
    """Frames contradict one another: the folder is damaged."""


class Book:
    """Definitions of one process, in the order of its frames."""

    def __init__(self) -> None:
        self.runs: dict[int, RunEntry] = {}
        self.artifacts: dict[int, ArtifactEntry] = {}
        self._by_stream: dict[Stream, list[int]] = {}
        self.process_closed_at: int | None = None

    def apply(self, at: int, frame: spool_pb2.SpoolFrame) -> None:
        """Take one state frame that starts at byte position `at`."""
        kind = frame.WhichOneof("kind")
        if kind == "run":
            entry = RunEntry(frame.run, at, frame.cells_before)
            self.runs[frame.run.run_index] = entry
            self._by_stream.setdefault(entry.stream, []).append(frame.run.run_index)
        elif kind == "series":
            self._define_series(at, frame.series)
        elif kind == "artifact":
            self._run(frame.artifact.run_index)
            self.artifacts[at] = ArtifactEntry(at, frame.artifact)
        elif kind == "run_closed":
            entry = self._run(frame.run_closed.run_index)
            entry.closed_at, entry.died = at, frame.run_closed.died
        elif kind == "process_closed":
            self.process_closed_at = at
        elif kind == "event":
            self._run(frame.event.run_index).ended_at = at

    def _run(self, run_index: int) -> RunEntry:
        try:
            return self.runs[run_index]
        except KeyError:
            raise BookError(f"a frame uses run index {run_index}, never defined") from None

    def _define_series(self, at: int, series: spool_pb2.SeriesDefinition) -> None:
        entry = self._run(series.run_index)
        table_field = wire.series_field(
            events_pb2.Series(
                key=series.key,
                model_id=series.model_id,
                dataset_name=series.dataset_name,
                dataset_digest=series.dataset_digest,
            )
        )
        entry.define_series(at, series.series_index, table_field)

    def stream_runs(self, stream: Stream, event_bytes: int) -> list[RunEntry]:
        """The definitions of a stream before that position, in order."""
        entries = (self.runs[index] for index in self._by_stream.get(stream, ()))
        return [entry for entry in entries if entry.at < event_bytes]

    def artifacts_of(self, stream: Stream, event_bytes: int) -> list[ArtifactEntry]:
        """What is not stored and logged yet, in order."""
        return [
            entry
            for at, entry in self.artifacts.items()
            if at < event_bytes and self.runs[entry.artifact.run_index].stream == stream
        ]

    def closed(self, stream: Stream, event_bytes: int) -> bool:
        """Whether, at that position, the process has ended its use of the run."""
        if self.process_closed_at is not None and self.process_closed_at < event_bytes:
            return True
        return all(
            entry.closed_at is not None and entry.closed_at < event_bytes
            for entry in self.stream_runs(stream, event_bytes)
        )

    def open_runs(self) -> list[RunEntry]:
        """Runs that the process has not ended its use of."""
        closed_at = -1 if self.process_closed_at is None else self.process_closed_at
        return [
            entry
            for entry in self.runs.values()
            if entry.closed_at is None and entry.at > closed_at
        ]

    def died(self, stream: Stream) -> bool:
        """Whether an agent closed the run for a process that died."""
        return any(self.runs[index].died for index in self._by_stream.get(stream, ()))
