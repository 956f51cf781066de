"""A spool in memory, and what serialized events are."""

from __future__ import annotations

from collections.abc import Iterable

from runstream.agent.definitions import Book
from runstream.spool.format import CELL, CELL_BYTES, RUN_BIT, pack_frame
from runstream.spool.frames import Frame
from runstream.v1 import events_pb2, spool_pb2

URI = "grpc://server:1"


class MemorySpool:
    """What one process wrote: cells and frames; reads as the real reader does."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.frames_made: list[Frame] = []
        self._end = 0

    @property
    def cells_written(self) -> int:
        return len(self.data) // CELL_BYTES

    @property
    def end(self) -> int:
        return self._end

    def frame(self, frame: spool_pb2.SpoolFrame) -> Frame:
        frame.cells_before = self.cells_written
        length = len(pack_frame(frame.SerializeToString()))
        made = Frame(self._end, self._end + length, frame)
        self._end = made.end
        self.frames_made.append(made)
        return made

    def run(
        self, index: int, run_id: str = "", uri: str = URI, owned: bool = True, start_ms: int = 1000
    ) -> Frame:
        definition = spool_pb2.RunDefinition(
            run_index=index,
            run_id=run_id or f"{index:032x}",
            tracking_uri=uri,
            attempt_start_ms=start_ms,
            owned=owned,
        )
        return self.frame(spool_pb2.SpoolFrame(run=definition))

    def series(self, run: int, index: int, key: str) -> Frame:
        definition = spool_pb2.SeriesDefinition(run_index=run, series_index=index, key=key)
        return self.frame(spool_pb2.SpoolFrame(series=definition))

    def tag(self, run: int, key: str, value: str) -> Frame:
        tags = events_pb2.Tags(set=[events_pb2.KeyValue(key=key, value=value)])
        event = events_pb2.Event(time_ms=5, tags=tags).SerializeToString()
        spooled = spool_pb2.SpooledEvent(run_index=run, event=event)
        return self.frame(spool_pb2.SpoolFrame(event=spooled))

    def artifact(self, run: int, path: str) -> Frame:
        artifact = spool_pb2.SpooledArtifact(run_index=run, path=path, upload_id="a" * 32)
        return self.frame(spool_pb2.SpoolFrame(artifact=artifact))

    def close_run(self, run: int) -> Frame:
        return self.frame(spool_pb2.SpoolFrame(run_closed=spool_pb2.RunClosed(run_index=run)))

    def close(self) -> Frame:
        return self.frame(spool_pb2.SpoolFrame(process_closed=spool_pb2.ProcessClosed()))

    def point(self, run: int, series: int, step: int, value: float = 0.5, time: int = 7) -> None:
        self.data += CELL.pack(run | RUN_BIT, series, step, value, time)

    def cells(self, start: int, stop: int) -> list[memoryview]:
        whole = memoryview(bytes(self.data))
        middle = (start + stop) // 2  # two pieces, as at the border of segments
        pieces = [
            whole[start * CELL_BYTES : middle * CELL_BYTES],
            whole[middle * CELL_BYTES : stop * CELL_BYTES],
        ]
        return [piece for piece in pieces if len(piece)]

    def book(self) -> Book:
        book = Book()
        for made in self.frames_made:
            if made.frame.WhichOneof("kind") != "event":
                book.apply(made.start, made.frame)
        return book


def kinds(events: Iterable[bytes]) -> list[str]:
    """The kinds of serialized events."""
    return [events_pb2.Event.FromString(event).WhichOneof("kind") or "" for event in events]
