from __future__ import annotations

from runstream.agent.batch import Item, RunContent
from runstream.agent.definitions import Stream
from runstream.agent.refusal import Plan, refused_originals, revise
from runstream.agent.sends import Identity, Planner, Send, StreamState
from runstream.v1 import events_pb2
from tests.unit.agent.memory import MemorySpool

WHO = Identity(b"p" * 16, 42, "node7", "")


def planned(
    spool: MemorySpool, contents: dict[int, RunContent], streams: dict[Stream, StreamState]
) -> tuple[list[Send], Plan]:
    book = spool.book()
    made = Planner(book, WHO, streams, {}, spool.end).plan(contents, list(book.runs))
    return made, Plan(contents, streams, book)


def content(run: int, *points: int) -> RunContent:
    return RunContent(run, [Item(b"event", count) for count in points])


def test_named_events_are_counted_in_the_batch_as_it_was_sent() -> None:
    send = Send(0, 2, dropped=(0, 2), head=(b"started",))
    body = content(0, 1, 0, 1, 0)  # originals 1..4 behind the head
    assert refused_originals(send, body, [1, 2]) == [3, 4]


def test_no_named_event_means_all_but_the_end() -> None:
    send = Send(0, 2, tail=(b"artifact", b"end"), ends=True)
    assert refused_originals(send, content(0, 1), []) == [0, 1]
    only_end = Send(0, 2, tail=(b"end",), ends=True)
    assert refused_originals(only_end, content(0), []) == [0]


def test_a_void_takes_the_number_and_the_rest_follows(spool: MemorySpool) -> None:
    spool.run(0)
    spool.close_run(0)
    contents = {0: content(0, 5, 0, 7, 0)}
    streams = {Stream("grpc://server:1", f"{0:032x}"): StreamState(seq=3, points=100, events=10)}
    sent, plan = planned(spool, contents, streams)
    void, rest = revise(sent, 0, [1, 2], plan, "bad key")
    assert (void.seq, void.void) == (4, "bad key")
    assert (rest.seq, rest.dropped, rest.points, rest.events) == (5, (1, 2), 5, 1)
    end = events_pb2.Event.FromString(rest.tail[-1]).producer_end
    assert (end.last_seq, end.points, end.events) == (5, 105, 11)


def test_nothing_is_left(spool: MemorySpool) -> None:
    spool.run(0)
    contents = {0: content(0, 5)}
    sent, plan = planned(spool, contents, {Stream("grpc://server:1", f"{0:032x}"): StreamState(1)})
    (void,) = revise(sent, 0, [0], plan, "no")
    assert void.void == "no"


def test_later_batches_of_the_stream_move_up_and_others_do_not(spool: MemorySpool) -> None:
    spool.run(0, run_id="ab" * 16)
    spool.run(1, run_id="cd" * 16)
    spool.run(2, run_id="ab" * 16, start_ms=2000)
    spool.close()
    contents = {index: content(index, 1, 1) for index in range(3)}
    sent, plan = planned(spool, contents, {})
    assert [send.seq for send in sent] == [1, 1, 2]
    revised = revise(sent, 0, [1], plan, "no")
    assert [(send.run_index, send.seq) for send in revised] == [(0, 1), (0, 2), (1, 1), (2, 3)]
    end = events_pb2.Event.FromString(revised[-1].tail[-1]).producer_end
    assert (end.last_seq, end.points) == (3, 3)
    assert revised[2] is sent[1]


def test_refusals_go_on_until_nothing_is_left(spool: MemorySpool) -> None:
    """Whatever a server refuses, the numbers have no hole and it ends."""
    spool.run(0)
    spool.close_run(0)
    contents = {0: content(0, 1, 2, 3)}
    sent, plan = planned(spool, contents, {})
    position = 0
    for _ in range(20):
        if position >= len(sent):
            break
        if sent[position].void:
            position += 1
            continue
        refused = refused_originals(sent[position], contents[0], [])
        sent = revise(sent, position, refused, plan, "no")
    assert [send.seq for send in sent] == list(range(1, len(sent) + 1))
    assert all(send.void for send in sent)
