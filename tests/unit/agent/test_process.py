"""One process drained."""

from __future__ import annotations

from runstream.spool.folders import ScopeFolders
from runstream.spool.reader import SpoolReader
from runstream.spool.writer import ProcessSpool
from tests.unit.agent.draining import (
    RUN,
    URI,
    Clock,
    Services,
    artifact,
    define,
    drain,
    open_drain,
    tag,
)


def test_everything_arrives_in_order_and_ends(writer: ProcessSpool, folders: ScopeFolders) -> None:
    services, clock = Services(), Clock()
    process = open_drain(folders, services)
    run = define(writer, RUN)
    expected: list[object] = []
    for step in range(5000):
        run.log_metric("loss", step / 2, step, 7)
        expected.append(("loss", step, step / 2))
        if step % 1000 == 0:
            tag(writer, run, str(step))
            expected.append(str(step))
            drain(process, services, clock)
    writer.close_run(run.run_index)
    writer.close()
    drain(process, services, clock)
    services.log().check_ends()
    assert services.log().said(RUN) == expected
    first = services.log().events(RUN)[0].producer_started
    assert (first.host, first.client) == ("node7", "test/1")
    assert services.log().copies == 0
    reader = SpoolReader(folders, process.name)
    assert reader.accepted_cells == reader.valid_cells()
    assert not (process.reader.folders.active / "points.000000").exists()
    process.close()
    assert services.routes[URI].held == 0


def test_each_server_gets_its_runs(writer: ProcessSpool, folders: ScopeFolders) -> None:
    services, clock = Services(), Clock()
    process = open_drain(folders, services)
    runs = [define(writer, f"{index:032x}", f"grpc://{index % 2}:1") for index in range(4)]
    for step in range(50):
        for index, run in enumerate(runs):
            run.log_metric(f"k{index}", 1.0, step, 7)
    services.route("grpc://1:1").is_ready = False
    for _ in range(5):
        process.poll(clock(), urgent=True)
        services.deliver(clock())
    assert len(services.log("grpc://0:1").said(f"{2:032x}")) == 50
    assert not services.log("grpc://1:1").batches
    assert process.accepted().cells < 200
    services.route("grpc://1:1").is_ready = True
    writer.close()
    drain(process, services, clock)
    for index in range(4):
        log = services.log(f"grpc://{index % 2}:1")
        assert log.said(f"{index:032x}") == [(f"k{index}", step, 1.0) for step in range(50)]
        log.check_ends()
    assert process.accepted().cells == 200
    process.close()


def test_a_large_backlog_goes_out_in_bounded_batches(
    writer: ProcessSpool, folders: ScopeFolders
) -> None:
    services, clock = Services(), Clock()
    run = define(writer, RUN)
    for series in range(4500):  # a key table longer than the points
        run.log_metric(f"{series:0900d}", 1.0, 0, 7)
    writer.close()
    process = open_drain(folders, services)
    drain(process, services, clock)
    assert len(services.log().said(RUN)) == 4500
    assert max(request.ByteSize() for request in services.log().batches.values()) < 4 * 2**20
    services.log().check_ends()
    process.close()


def test_artifacts_are_logged_when_they_are_stored(
    writer: ProcessSpool, folders: ScopeFolders
) -> None:
    services, clock = Services(), Clock()
    process = open_drain(folders, services)
    run = define(writer, RUN)
    artifact(writer, run, "model")
    writer.close()
    for _ in range(4):
        process.poll(clock(), urgent=True)
        for route in services.routes.values():
            route.deliver(clock())
    assert not process.settled
    kinds = [event.WhichOneof("kind") for event in services.log().events(RUN)]
    assert kinds == ["producer_started"]
    assert process.missing(URI, process.target()).artifacts == 1
    drain(process, services, clock)
    kinds = [event.WhichOneof("kind") for event in services.log().events(RUN)]
    assert kinds == ["producer_started", "artifact_logged", "producer_end"]
    assert SpoolReader(folders, process.name).artifacts_accepted == 1
    assert not process.missing(URI, process.target())
    process.close()


def test_news_that_a_barrier_saw_are_sent_by_the_next_poll(
    writer: ProcessSpool, folders: ScopeFolders
) -> None:
    services, clock = Services(), Clock()
    process = open_drain(folders, services)
    run = define(writer, RUN)
    run.log_metric("loss", 1.0, 0, 7)
    drain(process, services, clock)
    assert not process.poll(clock(), urgent=False)
    assert process.quiet
    run.log_metric("loss", 2.0, 1, 7)
    before = process.accepted()
    assert process.target().cells == before.cells + 1
    # Nobody hurries it: the news wait for company first, then they go out.
    process.poll(clock(), urgent=False)
    assert process.poll(clock(), urgent=False)
    services.deliver(clock())
    assert services.log().said(RUN) == [("loss", 0, 1.0), ("loss", 1, 2.0)]
    process.close()
