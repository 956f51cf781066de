"""What the tests of a drained process share: servers, a clock, a writer's calls."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

from runstream.agent.outcome import Failed
from runstream.agent.process import ProcessDrain
from runstream.agent.upload import Stored, Upload
from runstream.agent.workshop import OnUpload
from runstream.spool.folders import ScopeFolders, process_names
from runstream.spool.series import RunSpool
from runstream.spool.writer import ProcessSpool
from runstream.v1 import events_pb2, spool_pb2
from tests.unit.agent.servers import FakeRoute, MemoryLog

URI = "grpc://one:1"
RUN = "ab" * 16


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
    """A run of that process."""
    definition = spool_pb2.RunDefinition(
        run_id=run_id, tracking_uri=uri, attempt_start_ms=1000, owned=True
    )
    return RunSpool(spool, spool.define_run(definition))


def tag(spool: ProcessSpool, run: RunSpool, value: str) -> None:
    """An event that names `value`."""
    tags = events_pb2.Tags(set=[events_pb2.KeyValue(key="t", value=value)])
    event = events_pb2.Event(time_ms=5, tags=tags)
    spool.append_event(run.run_index, event.SerializeToString())


def artifact(spool: ProcessSpool, run: RunSpool, path: str) -> None:
    """A file of one byte to be uploaded."""
    (spool.blob_folder() / path).write_bytes(b"x")
    spool.append_artifact(
        spool_pb2.SpooledArtifact(run_index=run.run_index, path=path, blob=path, size_bytes=1)
    )


def open_drain(folders: ScopeFolders, services: Services) -> ProcessDrain:
    """The only process of the scope, as an agent begins with it."""
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
