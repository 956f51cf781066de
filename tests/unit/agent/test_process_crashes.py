"""One process drained, with the agent dying between any two steps."""

from __future__ import annotations

import random
from typing import Any

import pytest

from runstream.agent import journal
from runstream.agent.process import ProcessDrain
from runstream.spool.folders import ScopeFolders
from runstream.spool.reader import SpoolReader
from runstream.spool.writer import ProcessSpool
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


class CrashError(BaseException):
    """The agent is killed here."""


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
    writer: ProcessSpool,
    folders: ScopeFolders,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(journal, "JOURNAL_BYTES", 4096)  # compacts often
    crashes(monkeypatch, chance, 0.04)
    services = Services(chance=chance, failures=0.2)
    clock, expected = Clock(), {f"{index:032x}": list[object]() for index in range(3)}
    runs = {run_id: define(writer, run_id) for run_id in expected}
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
            tag(writer, runs[run_id], str(step))
            expected[run_id].append(str(step))
        else:
            artifact(writer, runs[run_id], f"a{step}")
            artifacts += 1
        try:
            process = process or open_drain(folders, services)
            process.poll(clock(), urgent=chance.random() < 0.3)
            services.deliver(clock())
        except CrashError:
            deaths, process = deaths + 1, None
            services.restart()
    writer.close()
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
    left = {path.name for path in writer.blob_folder().iterdir()}
    assert left <= {one.path for one in logged}
    assert len(left) <= deaths
    process.close()


def test_a_cut_that_cannot_be_rebuilt_goes_out_as_another_producer(
    writer: ProcessSpool, folders: ScopeFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, clock = Services(), Clock()
    process = open_drain(folders, services)
    run = define(writer, RUN)
    run.log_metric("loss", 1.0, 0, 7)
    process.poll(clock(), urgent=True)
    process.close()
    services.routes.clear()
    path = process.reader.folders.active / "journal"
    records = journal.unpack(path.read_bytes())[0]
    spoilt = [record.replace(b'"crc":', b'"crc":1') for record in records]
    path.write_bytes(journal.pack(spoilt))
    process = open_drain(folders, services)
    writer.close()
    drain(process, services, clock)
    assert process.ledger.producer_id != writer.producer_id
    assert services.log().said(RUN) == [("loss", 0, 1.0)]
    services.log().check_ends()
    process.close()
