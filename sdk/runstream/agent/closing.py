"""The last words of a process that died: what it did not say itself. Pure."""

from __future__ import annotations

from runstream.agent.definitions import Book
from runstream.v1 import events_pb2, spool_pb2

END_REASON_TAG = "runstream.end_reason"


def closing_frames(
    book: Book, pid: int, end_time_ms: int, certain: bool = True
) -> list[spool_pb2.SpoolFrame]:
    """Frames that end its open runs: KILLED for those that it had to end itself.

    certain: everything it said is known. When it is not, it may have ended a
    run itself: then no status is given. Empty when there is nothing left to
    close, so it may be asked again after a crash between any two of these frames.
    """
    frames: list[spool_pb2.SpoolFrame] = []
    for entry in book.open_runs():
        index = entry.definition.run_index
        if certain and entry.definition.owned and entry.ended_at is None:
            for event in _killed(pid, end_time_ms):
                spooled = spool_pb2.SpooledEvent(
                    run_index=index, event=event.SerializeToString(deterministic=True)
                )
                frames.append(spool_pb2.SpoolFrame(event=spooled))
        closed = spool_pb2.RunClosed(run_index=index, died=True)
        frames.append(spool_pb2.SpoolFrame(run_closed=closed))
    return frames


def _killed(pid: int, end_time_ms: int) -> list[events_pb2.Event]:
    reason = f"process {pid} ended without ending the run"
    return [
        events_pb2.Event(
            time_ms=end_time_ms,
            tags=events_pb2.Tags(set=[events_pb2.KeyValue(key=END_REASON_TAG, value=reason)]),
        ),
        events_pb2.Event(
            time_ms=end_time_ms,
            run_updated=events_pb2.RunUpdated(status=events_pb2.KILLED, end_time_ms=end_time_ms),
        ),
    ]
