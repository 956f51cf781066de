from __future__ import annotations

import pytest

from runstream.agent.closing import closing_frames
from runstream.agent.definitions import Book, BookError, Stream, is_state
from runstream.v1 import events_pb2, spool_pb2
from tests.unit.agent.memory import MemorySpool

STREAM = Stream("grpc://server:1", f"{0:032x}")


def status(run: int, value: events_pb2.RunStatus) -> spool_pb2.SpoolFrame:
    event = events_pb2.Event(
        time_ms=1_700_000_000_000, run_updated=events_pb2.RunUpdated(status=value)
    )
    spooled = spool_pb2.SpooledEvent(run_index=run, event=event.SerializeToString())
    return spool_pb2.SpoolFrame(event=spooled)


def test_a_run_is_closed_when_all_its_definitions_are(spool: MemorySpool) -> None:
    spool.run(0)
    spool.close_run(0)
    again = spool.run(1, run_id=f"{0:032x}")
    end = spool.end
    book = spool.book()
    assert book.closed(STREAM, again.start)
    assert not book.closed(STREAM, end)
    assert [entry.definition.run_index for entry in book.open_runs()] == [1]
    spool.close()
    book = spool.book()
    assert book.closed(STREAM, spool.end)
    assert not book.closed(STREAM, end)
    assert book.open_runs() == []
    spool.run(2)  # by a thread that goes on after the end
    assert [entry.definition.run_index for entry in spool.book().open_runs()] == [2]


def test_a_final_status_is_state() -> None:
    assert is_state(status(0, events_pb2.FINISHED))
    assert not is_state(status(0, events_pb2.RUNNING))
    tag = events_pb2.Event(tags=events_pb2.Tags(delete=["Z"]))
    other = spool_pb2.SpooledEvent(event=tag.SerializeToString())
    assert not is_state(spool_pb2.SpoolFrame(event=other))


@pytest.mark.parametrize(
    "frame",
    [
        spool_pb2.SpoolFrame(series=spool_pb2.SeriesDefinition(run_index=3)),
        spool_pb2.SpoolFrame(run_closed=spool_pb2.RunClosed(run_index=3)),
        spool_pb2.SpoolFrame(artifact=spool_pb2.SpooledArtifact(run_index=3)),
    ],
)
def test_what_uses_an_undefined_run_is_damage(frame: spool_pb2.SpoolFrame) -> None:
    with pytest.raises(BookError, match="run index 3"):
        Book().apply(0, frame)


def said(frames: list[spool_pb2.SpoolFrame]) -> list[str]:
    words = []
    for frame in frames:
        kind = frame.WhichOneof("kind") or ""
        if kind == "event":
            kind = events_pb2.Event.FromString(frame.event.event).WhichOneof("kind") or ""
        words.append(kind)
    return words


def test_the_last_words_of_a_dead_process(spool: MemorySpool) -> None:
    spool.run(0)
    spool.run(1, owned=False)
    spool.run(2)
    spool.close_run(2)
    frames = closing_frames(spool.book(), 42, 99)
    assert said(frames) == ["tags", "run_updated", "run_closed", "run_closed"]
    killed = events_pb2.Event.FromString(frames[1].event.event).run_updated
    assert (killed.status, killed.end_time_ms) == (events_pb2.KILLED, 99)
    assert all(frame.run_closed.died for frame in frames[2:])
    for frame in frames:
        spool.frame(frame)
    assert closing_frames(spool.book(), 42, 99) == []


def test_no_status_beats_one_that_the_process_gave(spool: MemorySpool) -> None:
    spool.run(0)
    ended = spool.frame(status(0, events_pb2.FINISHED))
    book = spool.book()
    book.apply(ended.start, ended.frame)
    assert said(closing_frames(book, 42, 99)) == ["run_closed"]


def test_no_status_where_not_everything_is_known(spool: MemorySpool) -> None:
    spool.run(0)
    assert said(closing_frames(spool.book(), 42, 99, certain=False)) == ["run_closed"]
