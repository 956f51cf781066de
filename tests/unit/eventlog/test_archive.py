"""Archives in a folder, of logs in memory that forget."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from runstream_server.eventlog.archive.archive import Archive
from runstream_server.eventlog.archive.archiver import Archiver, check_contiguous
from runstream_server.eventlog.archive.errors import ArchiveMismatchError
from runstream_server.eventlog.archive.folder import FolderObjects
from runstream_server.eventlog.archive.log import archived
from runstream_server.eventlog.archive.segment import Segment
from runstream_server.eventlog.archive.verify import verify
from runstream_server.eventlog.port import LogMismatchError
from tests.unit.eventlog.archiving import PARTITIONS, POLL_BYTES, Deployment, by_partition, drained
from tests.unit.eventlog.forgetful import ForgetfulLog


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    return Deployment(tmp_path / "archive")


def objects_of(folder: Path, kind: str) -> list[Path]:
    return sorted(folder.glob(f"events/*/{kind}/*"))


def test_a_pass_archives_all_and_another_one_nothing(deployment: Deployment) -> None:
    copied = deployment.archive()
    assert copied.objects > 2 * PARTITIONS
    # With the record that names the log.
    assert copied.records == copied.done_records == copied.total_records == 41
    again = deployment.archive()
    assert (again.objects, again.done_records) == (0, 41)
    assert deployment.open().end("events", 0) == 20
    deployment.append(2)
    assert deployment.archive().records == 2


def test_what_was_deleted_is_read_from_the_archive(deployment: Deployment) -> None:
    deployment.archive()
    deployment.append(6)
    deployment.logs.events.forget(0, 20)
    deployment.logs.events.forget(1, 7)
    with pytest.raises(LogMismatchError):
        deployment.read(deployment.logs.events)
    assert deployment.read() == deployment.values


def test_a_reader_begins_in_the_middle_of_an_object(deployment: Deployment) -> None:
    deployment.archive()
    deployment.logs.events.forget(0, 20)
    reader = archived(deployment.logs, deployment.open()).events.open_reader({0: 5}, [0])
    assert reader.offsets() == {0: 5}
    records = drained(reader)
    assert [record.offset for record in records] == list(range(5, 20))
    assert [record.value for record in records] == deployment.values[0][5:]


def test_records_that_are_deleted_while_they_are_read(deployment: Deployment) -> None:
    deployment.archive()
    log = archived(deployment.logs, deployment.open()).events
    reader = log.open_reader({})
    records = reader.poll(POLL_BYTES, 0.0)
    deployment.logs.events.forget(0, 15)
    deployment.logs.events.forget(1, 18)
    assert by_partition(records + drained(reader)) == deployment.values


def test_an_archive_that_grows_is_read_on(deployment: Deployment) -> None:
    deployment.archive()
    deployment.logs.events.forget(0, 20)
    reader = archived(deployment.logs, deployment.open()).events.open_reader({})
    records = reader.poll(POLL_BYTES, 0.0)
    deployment.append(20)
    deployment.archive()
    deployment.logs.events.forget(0, 30)
    assert by_partition(records + drained(reader)) == deployment.values


def test_records_that_are_nowhere_any_more(deployment: Deployment) -> None:
    deployment.archive()
    deployment.append(20)
    deployment.logs.events.forget(1, 23)
    sentence = r"begins at offset 23 in Kafka, and the archive ends at 20: the records 20 to 22"
    for fails in (
        deployment.read,
        deployment.archive,
        lambda: check_contiguous(deployment.logs.events, deployment.open()),
    ):
        with pytest.raises(LogMismatchError, match=sentence):
            fails()


def test_a_log_that_lost_what_is_archived(deployment: Deployment) -> None:
    deployment.archive()
    whole, deployment.logs.events = deployment.logs.events, ForgetfulLog("events", PARTITIONS)
    assert whole.end_offsets() == {0: 20, 1: 20}
    with pytest.raises(LogMismatchError, match="ends at 0, and its archive at 20"):
        deployment.archive()


def test_two_archivers_at_once(deployment: Deployment) -> None:
    deployment.append(400)
    workers = [threading.Thread(target=deployment.archive) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    deployment.logs.events.forget(0, 220)
    deployment.logs.events.forget(1, 220)
    assert deployment.read() == deployment.values
    found = verify(deployment.open(), threading.Event())
    assert (found.damaged, found.unnamed, found.records) == ((), (), 441)


def test_another_archiver_was_quicker_with_other_cuts(deployment: Deployment) -> None:
    slow, quick = deployment.open(), deployment.open()

    class Overtaken(Archive):
        """Somebody else archives all, just before the first object is added."""

        def add(self, segment: Segment, data: bytes) -> Segment:
            Archiver(deployment.logs, quick, deployment.identity).run(threading.Event())
            return super().add(segment, data)

    deployment.archive(Overtaken(slow.objects))
    found = verify(deployment.open(), threading.Event())
    assert (found.damaged, found.records) == ((), 41)
    deployment.logs.events.forget(0, 20)
    assert deployment.read() == deployment.values


def test_an_object_without_an_entry_counts_for_nothing(deployment: Deployment) -> None:
    deployment.archive()
    last = objects_of(deployment.folder, "manifest")[-1]
    last.unlink()
    assert deployment.open().end("events", 1) < 20
    assert len(verify(deployment.open(), threading.Event()).unnamed) == 1
    deployment.archive()
    assert last.exists()
    assert verify(deployment.open(), threading.Event()).unnamed == ()


@pytest.mark.parametrize("how", ["changed", "cut", "gone"])
def test_a_damaged_object_is_found(deployment: Deployment, how: str) -> None:
    deployment.archive()
    path = objects_of(deployment.folder, "records")[1]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.unlink()
    if how != "gone":
        path.write_bytes(bytes(data) if how == "changed" else bytes(data[:-3]))
    found = verify(deployment.open(), threading.Event())
    assert len(found.damaged) == 1
    assert path.name in found.damaged[0]
    deployment.logs.events.forget(0, 20)
    with pytest.raises(ArchiveMismatchError, match=path.name):
        deployment.read()


def test_a_damaged_manifest_is_found(deployment: Deployment) -> None:
    deployment.archive()
    entries = objects_of(deployment.folder, "manifest")
    changed = entries[0]
    changed.write_text(changed.read_text().replace('"first": 0', '"first": 1'))
    entries[-2].unlink()
    found = verify(deployment.open(), threading.Event())
    assert "is not as it was written" in found.damaged[0]
    assert "no entry in events/00001/manifest holds offset" in found.damaged[1]
    deployment.logs.events.forget(1, 20)
    with pytest.raises(ArchiveMismatchError, match="holds offset"):
        deployment.read()


def test_an_archive_of_another_log(deployment: Deployment, tmp_path: Path) -> None:
    deployment.archive()
    other = Deployment(deployment.folder)
    with pytest.raises(ArchiveMismatchError, match="is of another log"):
        other.archive()
    with pytest.raises(ArchiveMismatchError, match="Nothing was archived"):
        verify(Archive(FolderObjects(tmp_path / "empty")), threading.Event())


def test_storage_that_replaces_objects(deployment: Deployment) -> None:
    class Replacing(FolderObjects):
        def put(self, name: str, data: bytes) -> bool:
            (deployment.folder / name).unlink(missing_ok=True)
            return super().put(name, data)

    with pytest.raises(ArchiveMismatchError, match="If-None-Match"):
        deployment.archive(Archive(Replacing(deployment.folder)))


def test_a_stop_is_obeyed(deployment: Deployment) -> None:
    stop = threading.Event()
    stop.set()
    archiver = Archiver(deployment.logs, deployment.open(), deployment.identity)
    assert archiver.run(stop) is None
