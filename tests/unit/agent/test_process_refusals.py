"""One process drained, with a server that refuses some of it."""

from __future__ import annotations

from runstream.agent.outcome import Refused
from runstream.spool.folders import ScopeFolders
from runstream.spool.writer import ProcessSpool
from runstream.v1 import events_pb2, tracking_pb2
from tests.unit.agent.draining import (
    RUN,
    Clock,
    Services,
    artifact,
    define,
    drain,
    open_drain,
    tag,
)


def test_refused_events_are_set_aside_and_the_rest_goes_on(
    writer: ProcessSpool, folders: ScopeFolders
) -> None:
    services, clock = Services(), Clock()

    def judge(request: events_pb2.AppendRequest) -> Refused | None:
        bad = [
            index
            for index, event in enumerate(request.events)
            if any(pair.value == "bad" for pair in event.tags.set)
        ]
        detail = tracking_pb2.ErrorDetail(error_code="INVALID_PARAMETER_VALUE", event_indexes=bad)
        return Refused(3, "a bad value", detail) if bad else None

    services.log().judge = judge
    process = open_drain(folders, services)
    run = define(writer, RUN)
    for value in ("one", "bad", "two", "bad", "three"):
        tag(writer, run, value)
        run.log_metric("loss", 1.0, 0, 7)
    writer.close()
    drain(process, services, clock)
    said = [what for what in services.log().said(RUN) if isinstance(what, str)]
    assert said == ["one", "two", "three"]
    services.log().check_ends()
    assert services.log().batches[RUN, writer.producer_id, 1].events[0].void.reason
    assert process.refusals.count == 1
    (sentence,) = process.refusals.take()
    assert "2 events" in sentence
    assert "a bad value" in sentence
    assert process.refusals.take() == []
    (kept,) = (folders.disk / "refused" / process.name).glob("*.batch")
    values = [
        event.tags.set[0].value
        for event in events_pb2.AppendRequest.FromString(kept.read_bytes()).events
    ]
    assert values == ["bad", "bad"]
    process.close()


def test_a_run_that_takes_nothing_is_shut_and_others_go_on(
    writer: ProcessSpool, folders: ScopeFolders
) -> None:
    services, clock = Services(), Clock()
    purged, other = RUN, "cd" * 16
    services.log().judge = lambda request: (
        Refused(9, "the run was purged", tracking_pb2.ErrorDetail(error_code="INVALID_STATE"))
        if request.stream_id == purged
        else None
    )
    process = open_drain(folders, services)
    runs = [define(writer, purged), define(writer, other)]
    artifact(writer, runs[0], "model")
    for round_number in range(3):
        for run in runs:
            run.log_metric("loss", 1.0, round_number, 7)
        drain(process, services, clock)
    writer.close()
    drain(process, services, clock)
    assert {stream for stream, _, _ in services.log().batches} == {other}
    assert len(services.log().said(other)) == 3
    folder = folders.disk / "refused" / process.name
    points = sum(
        len(event.metrics.key_index) // 4
        for path in folder.glob("*.batch")
        for event in events_pb2.AppendRequest.FromString(path.read_bytes()).events
    )
    assert points == 3
    assert len(list(folder.glob("*.blob"))) == 1
    process.close()


def test_an_event_no_server_takes_is_refused_here(
    writer: ProcessSpool, folders: ScopeFolders
) -> None:
    services, clock = Services(), Clock()
    process = open_drain(folders, services)
    run = define(writer, RUN)
    tag(writer, run, "x" * (5 * 2**20))
    tag(writer, run, "small")
    writer.close()
    drain(process, services, clock)
    assert services.log().said(RUN) == ["small"]
    assert process.refusals.count == 1
    services.log().check_ends()
    process.close()
