"""What of a process's spool can be read, and the reading. Main thread only."""

from __future__ import annotations

from collections.abc import Iterator

from runstream.agent import batch, cut
from runstream.agent.batch import EventFrame, RunContent
from runstream.agent.cut import Cursor, FramePlace, Range
from runstream.agent.definitions import BookError, is_state
from runstream.agent.limits import FRAMES_READ_BYTES
from runstream.agent.recorder import Recorder
from runstream.spool.reader import Frame, SpoolReader

# One look ahead reads at most this often, so that one process with a long
# backlog does not hold up the others.
_READS_PER_LOOK = 8


class SpoolView:
    """The cells and frames of one process up to `visible`."""

    def __init__(self, reader: SpoolReader, recorder: Recorder, accepted: Cursor) -> None:
        self._reader = reader
        self._recorder = recorder
        # Frames that were accepted and can neither be read nor were ever seen: after
        # a reboot the copy on disk may be older than what was accepted.
        self.gap = False
        self.visible = Cursor(accepted.cells, self._begin(accepted.event_bytes))
        # Whether the last look reached the end of what was there.
        self.complete = False

    def _begin(self, accepted: int) -> int:
        read_to = self._recorder.ledger.read_to
        if self._reader.rebooted and accepted > read_to:
            frames = self._reader.frames(read_to, 1)
            self.gap = not frames or frames[0].start != read_to
            if not self.gap:
                return read_to
        # Of this boot: what was accepted and not recorded defines nothing.
        return max(read_to, accepted)

    def look(self, final: bool) -> bool:
        """Read ahead; whether anything is new.

        final: the writer is dead, so nothing more comes and cells that a frame
        counts but that are not there (a reboot) never will be.
        """
        # Cells first: every definition that they use is in the frames read after.
        cells = self._reader.valid_cells()
        before = self.visible
        for _ in range(_READS_PER_LOOK):
            frames = self._reader.frames(self.visible.event_bytes, FRAMES_READ_BYTES)
            for frame in frames:
                if frame.frame.cells_before > cells and not final:
                    self._see(self.visible.cells, cells, True)
                    return self.visible != before
                self._take(frame)
            if not frames:
                self._see(cells, cells, True)
                return self.visible != before
            self._see(min(frames[-1].frame.cells_before, cells), cells, False)
        return True

    def _see(self, seen: int, cells: int, complete: bool) -> None:
        seen = cells if complete else max(self.visible.cells, seen)
        self.visible = Cursor(seen, self.visible.event_bytes)
        self.complete = complete

    def _take(self, frame: Frame) -> None:
        if is_state(frame.frame):
            self._recorder.define(frame.start, frame.end, frame.frame)
        self._recorder.ledger.read_to = frame.end
        self.visible = Cursor(self.visible.cells, frame.end)

    def choose(self, start: Cursor, budget_bytes: int) -> Range:
        """The next range from there. Raises BookError when frames are missing."""
        places = (
            FramePlace(frame.start, frame.end, frame.frame.cells_before)
            for frame in self._frames(start.event_bytes, self.visible.event_bytes)
        )
        chosen = cut.choose(start, self.visible, places, budget_bytes)
        if chosen.empty:
            raise BookError(f"frames from byte {start.event_bytes} on are missing")
        return chosen

    def gather(self, tracking_uri: str, chosen: Range) -> dict[int, RunContent]:
        """The events of a range for one server."""
        events = (
            EventFrame(
                frame.frame.cells_before, frame.frame.event.run_index, frame.frame.event.event
            )
            for frame in self._frames(chosen.start.event_bytes, chosen.stop.event_bytes)
            if frame.frame.WhichOneof("kind") == "event"
        )
        runs = self._recorder.ledger.book.runs
        return batch.contents(chosen, self._reader.cells, events, tracking_uri, runs)

    def _frames(self, start: int, stop: int) -> Iterator[Frame]:
        while start < stop:
            frames = self._reader.frames(start, min(FRAMES_READ_BYTES, stop - start))
            if not frames:
                return
            for frame in frames:
                if frame.start >= stop:
                    return
                yield frame
            start = frames[-1].end
