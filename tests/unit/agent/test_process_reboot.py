"""One process drained after the machine was restarted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runstream.agent import journal
from runstream.spool.folders import ScopeFolders, process_names
from runstream.spool.writer import ProcessSpool
from runstream.v1 import events_pb2
from tests.unit.agent.draining import (
    RUN,
    URI,
    Clock,
    Services,
    define,
    drain,
    open_drain,
)


def test_another_boot_sends_what_is_left_as_another_producer(
    writer: ProcessSpool, folders: ScopeFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, clock = Services(), Clock()
    process = open_drain(folders, services)
    run = define(writer, RUN)
    run.log_metric("loss", 1.0, 0, 7)
    drain(process, services, clock)
    run.log_metric("loss", 1.0, 1, 7)
    process.poll(clock(), urgent=True)  # recorded and in the air
    process.close()
    services.restart()
    monkeypatch.setattr("runstream.agent.process.boot_id", lambda: "another boot")
    process = open_drain(folders, services)
    run.log_metric("loss", 1.0, 2, 7)
    writer.close()
    drain(process, services, clock)
    producers = {producer for _, producer, _ in services.log().batches}
    assert len(producers) == 2
    steps = {what[1] for what in services.log().said(RUN) if isinstance(what, tuple)}
    assert steps == {0, 1, 2}
    new = [r for (_, who, _), r in services.log().batches.items() if who != writer.producer_id]
    assert new[0].events[0].WhichOneof("kind") == "producer_started"
    assert new[-1].events[-1].producer_end.points == 2
    process.close()
    again = open_drain(folders, services)
    assert again.ledger.producer_id in producers
    again.close()


def test_what_waits_is_spilled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two = ScopeFolders(tmp_path / "active", tmp_path / "disk")
    for folder in two:
        folder.mkdir(mode=0o700)
    writer = ProcessSpool.create(two)
    services, clock = Services(), Clock()
    process = open_drain(two, services)
    run = define(writer, RUN)
    run.log_metric("loss", 1.0, 0, 7)
    services.route(URI).is_ready = False
    for _ in range(3):
        process.poll(clock(), urgent=True)
    assert (two.disk / process.name / "points.000000").exists()
    assert journal.unpack((two.disk / process.name / "journal").read_bytes())[0]
    process.close()
    # The machine restarts: only the disk is left.
    shutil.rmtree(two.active / process.name)
    monkeypatch.setattr("runstream.agent.process.boot_id", lambda: "another boot")
    services.routes.clear()
    process = open_drain(two, services)
    drain(process, services, clock)
    point, reason = services.log().said(RUN)
    assert point == ("loss", 0, 1.0)
    assert "ended without ending the run" in str(reason)
    assert services.log().events(RUN)[-2].run_updated.status == events_pb2.KILLED
    assert services.log().events(RUN)[-1].producer_end.died
    services.log().check_ends()
    assert process.finished
    process.remove()
    assert process_names(two) == []
