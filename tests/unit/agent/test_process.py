"""One process drained, with the agent dying between any two steps."""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from runstream.agent import journal
from runstream.agent.outcome import Failed, Refused
from runstream.agent.process import ProcessDrain
from runstream.agent.uploads import Stored, Upload
from runstream.agent.workshop import OnUpload
from runstream.spool.folders import ScopeFolders, process_names
from runstream.spool.reader import SpoolReader
from runstream.spool.series import RunSpool
from runstream.spool.writer import ProcessSpool
from runstream.v1 import events_pb2, spool_pb2, tracking_pb2
from tests.unit.agent.servers import FakeRoute, MemoryLog

URI = "grpc://one:1"


class CrashError(BaseException):
    """The agent is killed here."""


@dataclass
class Services:
    """Servers by URI, and a store that takes every second upload."""

    logs: dict[str, MemoryLog] = field(default_factory=dict)
    failures: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(0))
    routes: dict[str, FakeRoute] = field(default_factory=dict)
    uploads: list[tuple[Upload, OnUpload]] = field(default_factory=list)

    @property
    def depot(self) -> Services:
        return self

    def log(self, uri: str = URI) -> MemoryLog:
        return self.logs.setdefault(uri, MemoryLog())

    def route(self, tracking_uri: str) -> FakeRoute:
        if tracking_uri not in self.routes:
            self.routes[tracking_uri] = FakeRoute(
                self.log(tracking_uri), self.chance, self.failures
            )
        return self.routes[tracking_uri]

    def store(self, tracking_uri: str, upload: Upload, done: OnUpload) -> None:
        self.uploads.append((upload, done))

    def deliver(self, now: float) -> None:
        for route in self.routes.values():
            route.deliver(now)
        uploads, self.uploads = self.uploads, []
        for upload, done in uploads:
            failed = self.chance.random() < self.failures
            done(Failed(14, "again") if failed else Stored(f"key-{upload.path}"), now)

    def sync(self, folder: Path) -> None:
        assert folder.is_dir()

    def restart(self) -> None:
        """What was in the air may still arrive, its answer never does."""
        for route in self.routes.values():
            for payload, _ in route.in_air:
                if self.chance.random() < 0.5:
                    route.log.append(payload)
        self.routes.clear()
        self.uploads.clear()


class Clock:
    """Every reading is later than all waits before it."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        self.now += 20.0
        return self.now


def define(spool: ProcessSpool, run_id: str, uri: str = URI) -> RunSpool:
    definition = spool_pb2.RunDefinition(
        run_id=run_id, tracking_uri=uri, attempt_start_ms=1000, owned=True
    )
    return RunSpool(spool, spool.define_run(definition))


def tag(spool: ProcessSpool, run: RunSpool, value: str) -> None:
    tags = events_pb2.Tags(set=[events_pb2.KeyValue(key="t", value=value)])
    event = events_pb2.Event(time_ms=5, tags=tags)
    spool.append_event(run.run_index, event.SerializeToString())


def artifact(spool: ProcessSpool, run: RunSpool, path: str) -> None:
    (spool.blob_folder() / path).write_bytes(b"x")
    spool.append_artifact(
        spool_pb2.SpooledArtifact(run_index=run.run_index, path=path, blob=path, size_bytes=1)
    )


def open_drain(folders: ScopeFolders, services: Services) -> ProcessDrain:
    (name,) = process_names(folders)
    return ProcessDrain(name, folders, services)


def drain(process: ProcessDrain, services: Services, clock: Clock, rounds: int = 200) -> None:
    """Until everything is accepted."""
    for _ in range(rounds):
        process.poll(clock(), urgent=True)
        services.deliver(clock())
        if process.settled:
            return
    raise AssertionError("not settled")


@pytest.fixture
def spool(folders: ScopeFolders) -> ProcessSpool:
    return ProcessSpool.create(folders, identity={"host": "node7", "client": "test/1"})


def test_everything_arrives_in_order_and_ends(spool: ProcessSpool, folders: ScopeFolders) -> None:
    services, clock = Services(), Clock()
    process = open_drain(folders, services)
    run = define(spool, "ab" * 16)
    expected: list[object] = []
    for step in range(5000):
        run.log_metric("loss", step / 2, step, 7)
        expected.append(("loss", step, step / 2))
        if step % 1000 == 0:
            tag(spool, run, str(step))
            expected.append(str(step))
            drain(process, services, clock)
    spool.close_run(run.run_index)
    spool.close()
    drain(process, services, clock)
    services.log().check_ends()
    assert services.log().said("ab" * 16) == expected
    first = services.log().events("ab" * 16)[0].producer_started
    assert (first.host, first.client) == ("node7", "test/1")
    assert services.log().copies == 0
    reader = SpoolReader(folders, process.name)
    assert reader.accepted_cells == reader.valid_cells()
    assert not (process.reader.folders.active / "points.000000").exists()
    process.close()
    assert services.routes[URI].held == 0


def test_each_server_gets_its_runs(spool: ProcessSpool, folders: ScopeFolders) -> None:
    services, clock = Services(), Clock()
    process = open_drain(folders, services)
    runs = [define(spool, f"{index:032x}", f"grpc://{index % 2}:1") for index in range(4)]
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
    spool.close()
    drain(process, services, clock)
    for index in range(4):
        log = services.log(f"grpc://{index % 2}:1")
        assert log.said(f"{index:032x}") == [(f"k{index}", step, 1.0) for step in range(50)]
        log.check_ends()
    assert process.accepted().cells == 200
    process.close()


def crashes(monkeypatch: pytest.MonkeyPatch, chance: random.Random, rate: float) -> None:
    """Have the agent die before or after any write to journal, words and files."""

    def risky(owner: type, name: str) -> None:
        method = getattr(owner, name)

        def wrapped(self: Any, *args: Any, **named: Any) -> Any:
            if chance.random() < rate:
                raise CrashError
            result = method(self, *args, **named)
            if chance.random() < rate:
                raise CrashError
            return result

        monkeypatch.setattr(owner, name, wrapped)

    risky(journal.JournalFile, "append")
    risky(journal.JournalFile, "rewrite")
    for name in ("accept", "release", "count_artifact", "count_refusal"):
        risky(SpoolReader, name)


@pytest.mark.parametrize("seed", range(5))
def test_an_agent_that_dies_anywhere_loses_and_doubles_nothing(
    seed: int,
    spool: ProcessSpool,
    folders: ScopeFolders,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(journal, "JOURNAL_BYTES", 4096)  # compacts often
    crashes(monkeypatch, chance, 0.04)
    services = Services(chance=chance, failures=0.2)
    clock, expected = Clock(), {f"{index:032x}": list[object]() for index in range(3)}
    runs = {run_id: define(spool, run_id) for run_id in expected}
    deaths, artifacts = 0, 0
    process: ProcessDrain | None = None
    for step in range(400):
        run_id = chance.choice(list(expected))
        dice = chance.random()
        if dice < 0.8:
            for point in range(chance.choice([1, 1, 30, 300])):
                runs[run_id].log_metric(f"k{step % 5}", point / 2, step, 7)
                expected[run_id].append((f"k{step % 5}", step, point / 2))
        elif dice < 0.95:
            tag(spool, runs[run_id], str(step))
            expected[run_id].append(str(step))
        else:
            artifact(spool, runs[run_id], f"a{step}")
            artifacts += 1
        try:
            process = process or open_drain(folders, services)
            process.poll(clock(), urgent=chance.random() < 0.3)
            services.deliver(clock())
        except CrashError:
            deaths, process = deaths + 1, None
            services.restart()
    spool.close()
    for _ in range(1000):
        try:
            process = process or open_drain(folders, services)
            drain(process, services, clock, rounds=1000)
            break
        except CrashError:
            deaths, process = deaths + 1, None
            services.restart()
    assert process is not None
    assert deaths > 3
    for run_id, said in expected.items():
        assert services.log().said(run_id) == said
    services.log().check_ends()
    logged = [
        event.artifact_logged
        for run_id in expected
        for event in services.log().events(run_id)
        if event.WhichOneof("kind") == "artifact_logged"
    ]
    assert len(logged) == artifacts
    assert all(one.object_key == f"key-{one.path}" for one in logged)
    assert len({producer for _, producer, _ in services.log().batches}) == 1
    # Bytes may be left where it died between the event and the deleting.
    left = {path.name for path in spool.blob_folder().iterdir()}
    assert left <= {one.path for one in logged}
    assert len(left) <= deaths
    process.close()


def test_refused_events_are_set_aside_and_the_rest_goes_on(
    spool: ProcessSpool, folders: ScopeFolders
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
    run = define(spool, "ab" * 16)
    for value in ("one", "bad", "two", "bad", "three"):
        tag(spool, run, value)
        run.log_metric("loss", 1.0, 0, 7)
    spool.close()
    drain(process, services, clock)
    said = [what for what in services.log().said("ab" * 16) if isinstance(what, str)]
    assert said == ["one", "two", "three"]
    services.log().check_ends()
    assert services.log().batches["ab" * 16, spool.producer_id, 1].events[0].void.reason
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
    spool: ProcessSpool, folders: ScopeFolders
) -> None:
    services, clock = Services(), Clock()
    purged, other = "ab" * 16, "cd" * 16
    services.log().judge = lambda request: (
        Refused(9, "the run was purged", tracking_pb2.ErrorDetail(error_code="INVALID_STATE"))
        if request.stream_id == purged
        else None
    )
    process = open_drain(folders, services)
    runs = [define(spool, purged), define(spool, other)]
    artifact(spool, runs[0], "model")
    for round_number in range(3):
        for run in runs:
            run.log_metric("loss", 1.0, round_number, 7)
        drain(process, services, clock)
    spool.close()
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


def test_another_boot_sends_what_is_left_as_another_producer(
    spool: ProcessSpool, folders: ScopeFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, clock = Services(), Clock()
    process = open_drain(folders, services)
    run = define(spool, "ab" * 16)
    run.log_metric("loss", 1.0, 0, 7)
    drain(process, services, clock)
    run.log_metric("loss", 1.0, 1, 7)
    process.poll(clock(), urgent=True)  # recorded and in the air
    process.close()
    services.restart()
    monkeypatch.setattr("runstream.agent.process.boot_id", lambda: "another boot")
    process = open_drain(folders, services)
    run.log_metric("loss", 1.0, 2, 7)
    spool.close()
    drain(process, services, clock)
    producers = {producer for _, producer, _ in services.log().batches}
    assert len(producers) == 2
    steps = {what[1] for what in services.log().said("ab" * 16) if isinstance(what, tuple)}
    assert steps == {0, 1, 2}
    new = [r for (_, who, _), r in services.log().batches.items() if who != spool.producer_id]
    assert new[0].events[0].WhichOneof("kind") == "producer_started"
    assert new[-1].events[-1].producer_end.points == 2
    process.close()
    again = open_drain(folders, services)
    assert again.ledger.producer_id in producers
    again.close()


def test_a_cut_that_cannot_be_rebuilt_goes_out_as_another_producer(
    spool: ProcessSpool, folders: ScopeFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, clock = Services(), Clock()
    process = open_drain(folders, services)
    run = define(spool, "ab" * 16)
    run.log_metric("loss", 1.0, 0, 7)
    process.poll(clock(), urgent=True)
    process.close()
    services.routes.clear()
    path = process.reader.folders.active / "journal"
    records = journal.unpack(path.read_bytes())[0]
    spoilt = [record.replace(b'"crc":', b'"crc":1') for record in records]
    path.write_bytes(journal.pack(spoilt))
    process = open_drain(folders, services)
    spool.close()
    drain(process, services, clock)
    assert process.ledger.producer_id != spool.producer_id
    assert services.log().said("ab" * 16) == [("loss", 0, 1.0)]
    services.log().check_ends()
    process.close()


def test_a_large_backlog_goes_out_in_bounded_batches(
    spool: ProcessSpool, folders: ScopeFolders
) -> None:
    services, clock = Services(), Clock()
    run = define(spool, "ab" * 16)
    for series in range(15_000):  # a key table longer than the points
        run.log_metric(f"{series:0200d}", 1.0, 0, 7)
    spool.close()
    process = open_drain(folders, services)
    drain(process, services, clock)
    assert len(services.log().said("ab" * 16)) == 15_000
    assert max(request.ByteSize() for request in services.log().batches.values()) < 4 * 2**20
    services.log().check_ends()
    process.close()


def test_an_event_no_server_takes_is_refused_here(
    spool: ProcessSpool, folders: ScopeFolders
) -> None:
    services, clock = Services(), Clock()
    process = open_drain(folders, services)
    run = define(spool, "ab" * 16)
    tag(spool, run, "x" * (5 * 2**20))
    tag(spool, run, "small")
    spool.close()
    drain(process, services, clock)
    assert services.log().said("ab" * 16) == ["small"]
    assert process.refusals.count == 1
    services.log().check_ends()
    process.close()


def test_artifacts_are_logged_when_they_are_stored(
    spool: ProcessSpool, folders: ScopeFolders
) -> None:
    services, clock = Services(), Clock()
    process = open_drain(folders, services)
    run = define(spool, "ab" * 16)
    artifact(spool, run, "model")
    spool.close()
    for _ in range(4):
        process.poll(clock(), urgent=True)
        for route in services.routes.values():
            route.deliver(clock())
    assert not process.settled
    kinds = [event.WhichOneof("kind") for event in services.log().events("ab" * 16)]
    assert kinds == ["producer_started"]
    assert process.missing(URI, process.target()).artifacts == 1
    drain(process, services, clock)
    kinds = [event.WhichOneof("kind") for event in services.log().events("ab" * 16)]
    assert kinds == ["producer_started", "artifact_logged", "producer_end"]
    assert SpoolReader(folders, process.name).artifacts_accepted == 1
    assert not process.missing(URI, process.target())
    process.close()


def test_what_waits_is_spilled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    two = ScopeFolders(tmp_path / "active", tmp_path / "disk")
    for folder in two:
        folder.mkdir(mode=0o700)
    spool = ProcessSpool.create(two)
    services, clock = Services(), Clock()
    process = open_drain(two, services)
    run = define(spool, "ab" * 16)
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
    point, reason = services.log().said("ab" * 16)
    assert point == ("loss", 0, 1.0)
    assert "ended without ending the run" in str(reason)
    assert services.log().events("ab" * 16)[-2].run_updated.status == events_pb2.KILLED
    assert services.log().events("ab" * 16)[-1].producer_end.died
    services.log().check_ends()
    assert process.finished
    process.remove()
    assert process_names(two) == []
