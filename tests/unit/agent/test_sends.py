from __future__ import annotations

from runstream.agent import sends
from runstream.agent.batch import Item, RunContent
from runstream.agent.definitions import Stream
from runstream.agent.sends import Identity, Planner, Send, StreamState
from runstream.v1 import events_pb2
from tests.unit.agent.memory import MemorySpool

URI = "grpc://server:1"
WHO = Identity(b"p" * 16, 42, "node7", "runstream-python/0.1.0")


def planner(
    spool: MemorySpool,
    streams: dict[Stream, StreamState] | None = None,
    stored: dict[int, str] | None = None,
) -> Planner:
    return Planner(spool.book(), WHO, streams or {}, stored or {}, spool.end)


def content(run: int, points: int = 0, others: int = 0) -> RunContent:
    items = [Item(b"m", points)] if points else []
    return RunContent(run, items + [Item(b"o", 0)] * others)


def end_of(send: Send) -> events_pb2.ProducerEnd:
    assert send.ends
    return events_pb2.Event.FromString(send.tail[-1]).producer_end


def test_the_first_batch_announces_the_producer(spool: MemorySpool) -> None:
    spool.run(0)
    (send,) = planner(spool).plan({0: content(0, points=3)}, ())
    started = events_pb2.Event.FromString(send.head[0]).producer_started
    assert (started.host, started.pid, started.client) == ("node7", 42, WHO.client)
    assert (send.seq, send.points, send.events, send.ends) == (1, 3, 0, False)


def test_a_run_without_content_is_announced_once(spool: MemorySpool) -> None:
    spool.run(0)
    (send,) = planner(spool).plan({}, [0])
    assert send.seq == 1
    streams = {Stream(URI, f"{0:032x}"): StreamState(seq=1)}
    assert planner(spool, streams).plan({}, [0]) == []


def test_a_closed_run_ends_with_its_totals(spool: MemorySpool) -> None:
    spool.run(0)
    spool.close_run(0)
    streams = {Stream(URI, f"{0:032x}"): StreamState(seq=4, points=10, events=2)}
    (send,) = planner(spool, streams).plan({0: content(0, points=5, others=1)}, [0])
    end = end_of(send)
    assert (end.last_seq, end.points, end.events, end.died) == (5, 15, 3, False)


def test_an_ended_run_stays_silent_until_there_is_news(spool: MemorySpool) -> None:
    spool.run(0)
    spool.close_run(0)
    streams = {Stream(URI, f"{0:032x}"): StreamState(seq=4, ended_seq=4, points=10)}
    assert planner(spool, streams).plan({}, [0]) == []
    (send,) = planner(spool, streams).plan({0: content(0, points=1)}, [0])
    assert end_of(send).points == 11


def test_the_end_waits_for_artifacts(spool: MemorySpool) -> None:
    spool.run(0)
    at = spool.artifact(0, "model.bin").start
    spool.close_run(0)
    (send,) = planner(spool).plan({0: content(0, points=1)}, [0])
    assert not send.ends
    streams = {Stream(URI, f"{0:032x}"): StreamState(seq=1, points=1)}
    made = planner(spool, streams, {at: "key-1"})
    (send,) = made.plan({}, [0])
    logged = events_pb2.Event.FromString(send.tail[0]).artifact_logged
    assert (logged.path, logged.object_key) == ("model.bin", "key-1")
    assert (end_of(send).last_seq, end_of(send).events) == (2, 1)
    assert made.artifacts == [at]


def test_artifacts_of_a_run_are_logged_in_order(spool: MemorySpool) -> None:
    spool.run(0)
    spool.artifact(0, "a")
    second = spool.artifact(0, "a").start
    made = planner(spool, {}, {second: "key-2"})
    (send,) = made.plan({0: content(0, points=1)}, [0])
    assert send.tail == ()
    assert made.artifacts == []


def test_two_definitions_of_one_run_share_its_numbers(spool: MemorySpool) -> None:
    spool.run(0, run_id="ab" * 16)
    spool.close_run(0)
    spool.run(1, run_id="ab" * 16, start_ms=2000)
    first, second = planner(spool).plan({0: content(0, 1), 1: content(1, 2)}, [0, 1])
    assert (first.seq, second.seq) == (1, 2)
    assert not first.ends  # the second definition is open
    assert second.head == ()
    spool.close()
    first, second = planner(spool).plan({0: content(0, 1), 1: content(1, 2)}, [0, 1])
    assert not first.ends
    assert end_of(second).points == 3


def test_the_bytes_of_a_batch_and_of_a_void(spool: MemorySpool) -> None:
    spool.run(0)
    book = spool.book()
    items = [Item(events_pb2.Event(time_ms=time).SerializeToString(), 0) for time in (11, 12, 13)]
    send = Send(0, 9, dropped=(1,), tail=(events_pb2.Event(time_ms=99).SerializeToString(),))
    made = sends.payload(send, RunContent(0, items), book.runs[0], b"q" * 16)
    request = events_pb2.AppendRequest.FromString(made)
    assert [event.time_ms for event in request.events] == [11, 13, 99]
    assert (request.seq, request.producer_id, request.attempt_start_ms) == (9, b"q" * 16, 1000)
    void = sends.payload(Send(0, 9, void="no"), RunContent(0, items), book.runs[0], b"q" * 16)
    request = events_pb2.AppendRequest.FromString(void)
    assert [event.void.reason for event in request.events] == ["no"]


def test_a_shut_stream_plans_nothing(spool: MemorySpool) -> None:
    spool.run(0)
    streams = {Stream(URI, f"{0:032x}"): StreamState(seq=1, shut="purged")}
    assert planner(spool, streams).plan({0: content(0, 5)}, [0]) == []
