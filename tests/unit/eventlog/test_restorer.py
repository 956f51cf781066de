"""Making logs again from their archive, on logs in memory."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from runstream_server.eventlog.archive.archive import Archive
from runstream_server.eventlog.archive.errors import ArchiveMismatchError, RestoreError
from runstream_server.eventlog.archive.restorer import Restored, Restorer, plan
from runstream_server.eventlog.genesis import LogIdentity, establish
from runstream_server.eventlog.memory import MemoryEventLog, MemoryLogs
from runstream_server.eventlog.port import (
    EVENTS,
    EventLog,
    LogUnavailableError,
    NewRecord,
    Record,
)
from tests.unit.eventlog.archiving import PARTITIONS, Deployment, drained

CHUNK = 60


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    """With an archive of all that its logs hold."""
    made = Deployment(tmp_path)
    made.archive()
    return made


def restore(archive: Archive, logs: MemoryLogs) -> Restored | None:
    return Restorer(logs, archive, chunk_bytes=CHUNK).run(plan(archive), threading.Event())


def everything(log: EventLog) -> list[Record]:
    return sorted(drained(log.open_reader({})))


def assert_equal(deployment: Deployment, logs: MemoryLogs) -> None:
    assert everything(logs.events) == everything(deployment.logs.events)
    assert everything(logs.registry) == everything(deployment.logs.registry)


def test_every_record_is_at_its_old_offset(deployment: Deployment) -> None:
    logs = MemoryLogs(PARTITIONS)
    assert restore(deployment.open(), logs) == Restored(41, 41, 0)
    assert_equal(deployment, logs)
    # The old log, by its first record.
    assert establish(logs.events, logs.registry) == deployment.identity


class BreaksOff(MemoryEventLog):
    """Takes some records, then fails: with the records in it, or without."""

    left = 3
    with_records = True

    def append(self, records: Sequence[NewRecord]) -> list[int]:
        self.left -= 1
        if self.left == 0:
            if self.with_records:
                super().append(records)
            raise LogUnavailableError("the answer did not come")
        return super().append(records)


@pytest.mark.parametrize("with_records", [True, False])
def test_it_goes_on_after_an_answer_that_was_lost(
    deployment: Deployment, with_records: bool
) -> None:
    logs = MemoryLogs(PARTITIONS)
    logs.events = breaking = BreaksOff(EVENTS, PARTITIONS)
    breaking.with_records = with_records
    archive = deployment.open()
    restorer = Restorer(logs, archive, chunk_bytes=CHUNK)
    with pytest.raises(LogUnavailableError):
        restorer.run(plan(archive), threading.Event())
    assert restorer.run(plan(archive), threading.Event()) is not None
    assert_equal(deployment, logs)


def test_another_process_goes_on_after_comparing(deployment: Deployment) -> None:
    logs = MemoryLogs(PARTITIONS)
    stop = threading.Event()
    archive = deployment.open()
    seen: list[Restored] = []

    def told(restored: Restored) -> None:
        seen.append(restored)
        if restored.done_records > 10:
            stop.set()

    assert Restorer(logs, archive, told, CHUNK).run(plan(archive), stop) is None
    there = seen[-1].done_records
    assert 10 < there < 41
    assert restore(deployment.open(), logs) == Restored(41, 41, there)
    assert_equal(deployment, logs)


def test_what_is_there_and_differs_is_refused(deployment: Deployment) -> None:
    logs = MemoryLogs(PARTITIONS)
    logs.events.append([NewRecord(1, b"of somebody else")])
    with pytest.raises(RestoreError, match="its record 0 is another one"):
        restore(deployment.open(), logs)


def test_a_log_that_is_longer_is_refused(deployment: Deployment) -> None:
    logs = MemoryLogs(PARTITIONS)
    restore(deployment.open(), logs)
    logs.events.append([NewRecord(1, b"more")])
    with pytest.raises(RestoreError, match="it ends at 21, its archive at 20"):
        restore(deployment.open(), logs)


class Shared(MemoryEventLog):
    """Somebody else writes to it as well."""

    def append(self, records: Sequence[NewRecord]) -> list[int]:
        super().append([NewRecord(records[0].partition, b"mine")])
        return super().append(records)


def test_an_offset_that_is_another_one_is_refused(deployment: Deployment) -> None:
    logs = MemoryLogs(PARTITIONS)
    logs.events = Shared(EVENTS, PARTITIONS)
    with pytest.raises(RestoreError, match="came to offset 1: somebody else writes"):
        restore(deployment.open(), logs)


def test_another_number_of_partitions_is_refused(deployment: Deployment) -> None:
    with pytest.raises(RestoreError, match="3 partitions, and the archive is of a log with 2"):
        restore(deployment.open(), MemoryLogs(3))


def entries(folder: Path, log: str, partition: int) -> list[Path]:
    return sorted((folder / log / f"{partition:05d}" / "manifest").iterdir())


def test_an_archive_that_does_not_begin_at_0_is_refused(
    deployment: Deployment, tmp_path: Path
) -> None:
    entries(tmp_path, EVENTS, 1)[0].unlink()
    with pytest.raises(ArchiveMismatchError, match=r"no entry in .* holds offset 0"):
        plan(deployment.open())


def test_an_archive_with_a_gap_is_refused(deployment: Deployment, tmp_path: Path) -> None:
    entries(tmp_path, EVENTS, 1)[1].unlink()
    with pytest.raises(ArchiveMismatchError, match="and later ones are there"):
        plan(deployment.open())


def test_an_archive_without_the_first_record_is_refused(
    deployment: Deployment, tmp_path: Path
) -> None:
    for entry in entries(tmp_path, "registry", 0):
        entry.unlink()
    with pytest.raises(ArchiveMismatchError, match="does not begin with the record that names"):
        plan(deployment.open())


def test_an_empty_place_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArchiveMismatchError, match="Nothing was archived"):
        plan(Deployment(tmp_path).open())


def elsewhere(identity: LogIdentity) -> LogIdentity:
    return identity._replace(incarnation="restored")


def test_the_log_that_was_lost_does_not_go_on_archiving(
    deployment: Deployment, tmp_path: Path
) -> None:
    archive = deployment.open()
    archive.hand_over(elsewhere(deployment.identity))
    archive.hand_over(elsewhere(deployment.identity))
    assert deployment.open().keepers() == ["", "restored"]
    assert archive.check_identity(elsewhere(deployment.identity))
    with pytest.raises(ArchiveMismatchError, match="as it was restored into other topics"):
        deployment.open().check_identity(deployment.identity)
    deployment.append(2)
    with pytest.raises(ArchiveMismatchError, match="as it was restored into other topics"):
        deployment.archive()
    (tmp_path / "keepers" / "00002.json").write_text(json.dumps({}))
    with pytest.raises(ArchiveMismatchError, match="cannot be read"):
        deployment.open().keepers()
