"""What the agent knows about one process's spool, and how records change it.

The same `apply` serves the running agent and the one that reads the journal
after a crash: what is in memory is always what the records say.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace

from runstream.agent import records
from runstream.agent.cut import Cursor
from runstream.agent.definitions import Book, Stream
from runstream.agent.records import Cut, Record
from runstream.agent.sends import StreamState, advance
from runstream.v1 import spool_pb2


@dataclass
class LaneState:
    """How far one tracking URI is with this process."""

    accepted: Cursor
    # Recorded and not accepted as a whole.
    cut: Cut | None = None


class Ledger:
    """State of one process: who it is in the log, what was said, how far each lane is."""

    def __init__(self) -> None:
        # Boot (and copy) for which the producer counts.
        self.place = ""
        self.producer_id = b""
        self.book = Book()
        # Every frame before this position was seen.
        self.read_to = 0
        self.lanes: dict[str, LaneState] = {}
        self.streams: dict[Stream, StreamState] = {}
        # State frames as they are, for checkpoints: position -> (end, payload).
        self._frames: dict[int, tuple[int, bytes]] = {}
        self._apply: dict[str, Callable[[Record], None]] = {
            "epoch": self._epoch,
            "frame": self._frame,
            "read": self._read,
            "cut": self._cut,
            "revised": self._revised,
            "accepted": self._accepted,
            "advanced": self._advanced,
            "shut": self._shut,
            "dropped": self._dropped,
            "stream": self._stream,
        }

    def apply(self, record: Record) -> None:
        """Take one record. Raises KeyError for a kind that this version does not know."""
        self._apply[record["k"]](record)

    def define(self, at: int, end: int, frame: spool_pb2.SpoolFrame, payload: bytes) -> None:
        """Take a state frame, as a "frame" record does."""
        self.book.apply(at, frame)
        self.read_to = max(self.read_to, end)
        self._frames[at] = (end, payload)
        if frame.WhichOneof("kind") == "run" and frame.run.tracking_uri not in self.lanes:
            self.lanes[frame.run.tracking_uri] = LaneState(Cursor(frame.cells_before, at))

    def accepted(self, visible: Cursor) -> Cursor:
        """What every lane has behind it; all that was read when there is no lane."""
        cursors = [lane.accepted for lane in self.lanes.values()]
        if not cursors:
            return visible
        return Cursor(min(c.cells for c in cursors), min(c.event_bytes for c in cursors))

    def checkpoint(self) -> list[Record]:
        """Records that make an equal ledger from nothing."""
        made = [records.epoch(self.place, self.producer_id, "checkpoint")]
        made += [records.frame(at, end, raw) for at, (end, raw) in self._frames.items()]
        # Frames that are forgotten must not be read again.
        made.append(records.read(self.read_to))
        for stream, state in self.streams.items():
            made.append({"k": "stream", "uri": stream[0], "run": stream[1], **asdict(state)})
        for tracking_uri, lane in self.lanes.items():
            made.append(records.advanced(tracking_uri, lane.accepted))
            if lane.cut is not None:
                made.append(records.cut(tracking_uri, lane.cut))
        return made

    def _epoch(self, record: Record) -> None:
        self.place, self.producer_id = record["place"], bytes.fromhex(record["producer"])
        self.streams.clear()
        for lane in self.lanes.values():
            lane.cut = None

    def _frame(self, record: Record) -> None:
        payload = records.frame_of(record)
        frame = spool_pb2.SpoolFrame.FromString(payload)
        self.define(record["at"], record["end"], frame, payload)

    def _read(self, record: Record) -> None:
        self.read_to = max(self.read_to, record["to"])

    def _cut(self, record: Record) -> None:
        self.lanes[record["uri"]].cut = records.cut_of(record)

    def _revised(self, record: Record) -> None:
        lane = self.lanes[record["uri"]]
        if lane.cut is not None:
            lane.cut = replace(lane.cut, sends=records.sends_of(record))

    def _accepted(self, record: Record) -> None:
        lane = self.lanes[record["uri"]]
        if lane.cut is None:
            return
        for send in lane.cut.sends:
            stream = self.book.runs[send.run_index].stream
            advance(self.streams.setdefault(stream, StreamState()), send)
        for at in lane.cut.artifacts:
            self._forget(at)
        lane.accepted, lane.cut = lane.cut.chosen.stop, None

    def _advanced(self, record: Record) -> None:
        self.lanes[record["uri"]].accepted = Cursor(*record["cursor"])

    def _shut(self, record: Record) -> None:
        stream = Stream(record["uri"], record["run"])
        self.streams.setdefault(stream, StreamState()).shut = record["reason"]

    def _dropped(self, record: Record) -> None:
        self._forget(record["at"])

    def _forget(self, at: int) -> None:
        self.book.artifacts.pop(at, None)
        self._frames.pop(at, None)

    def _stream(self, record: Record) -> None:
        state = {key: record[key] for key in StreamState.__dataclass_fields__}
        self.streams[Stream(record["uri"], record["run"])] = StreamState(**state)
