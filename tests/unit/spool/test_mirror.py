"""What cannot be sent soon goes to disk, and is read there after a reboot."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from runstream.spool import room
from runstream.spool.folders import ScopeFolders
from runstream.spool.format import HEADER_BYTES
from runstream.spool.reader import SpoolReader
from runstream.spool.series import RunSpool
from runstream.spool.writer import ProcessSpool
from tests.unit.spool.helpers import NOW_MS, kinds_of, one_run, steps_of, written_in_child


class Writer:
    """A spool of this process and a reader of it."""

    def __init__(self, folders: ScopeFolders) -> None:
        self.folders = folders
        self.spool = ProcessSpool.create(folders)
        self.run = one_run(self.spool)
        self.reader = SpoolReader(folders, f"p-{self.spool.producer_id.hex()}")
        self.steps = 0

    def log(self, count: int) -> None:
        for step in range(self.steps, self.steps + count):
            self.run.log_metric("loss", 0.5, step, NOW_MS)
        self.steps += count
        self.spool.append_event(self.run.run_index, b"%d" % self.steps)

    def after_reboot(self) -> SpoolReader:
        """A reader that finds nothing on tmpfs."""
        gone = self.folders.active.parent / "gone"
        return SpoolReader(ScopeFolders(gone, self.folders.disk), self.reader.name)


@pytest.fixture
def writer(two_folders: ScopeFolders) -> Writer:
    return Writer(two_folders)


def test_all_that_was_spilled_is_read_after_a_reboot(writer: Writer) -> None:
    for count in (10, 0, 5000, 7, 20_000):
        writer.log(count)
        writer.reader.spill()
        rebooted = writer.after_reboot()
        assert rebooted.rebooted
        assert not rebooted.writer_alive()
        assert steps_of(rebooted) == list(range(writer.steps))
        assert kinds_of(rebooted) == kinds_of(writer.reader)
        assert rebooted.damage == []
        rebooted.close()
    assert steps_of(writer.reader) == list(range(writer.steps))
    assert writer.reader.writer_alive()


def test_what_was_not_spilled_is_lost_with_the_memory(writer: Writer) -> None:
    writer.log(10)
    writer.reader.spill()
    writer.log(10)
    assert steps_of(writer.after_reboot()) == list(range(10))


def test_only_what_is_new_is_copied(writer: Writer) -> None:
    writer.log(1000)
    assert writer.reader.spill() > 1000 * 32
    assert writer.reader.spill(sync=False) == 0
    writer.run.log_metric("loss", 0.5, 1000, NOW_MS)
    assert writer.reader.spill() == 32
    again = SpoolReader(writer.folders, writer.reader.name)
    writer.run.log_metric("loss", 0.5, 1001, NOW_MS)
    assert again.spill() == 32
    assert steps_of(writer.after_reboot()) == list(range(1002))


def test_full_segments_leave_tmpfs(writer: Writer) -> None:
    writer.log(15_000)
    writer.reader.spill()
    on_tmpfs = sorted(path.name for path in writer.spool.folders.active.glob("points.*"))
    on_disk = sorted(path.name for path in writer.spool.folders.disk.glob("points.*"))
    assert on_tmpfs == ["points.000002"]
    assert on_disk == ["points.000000", "points.000001", "points.000002"]
    again = SpoolReader(writer.folders, writer.reader.name)
    assert steps_of(again) == list(range(15_000))
    assert steps_of(writer.reader) == list(range(15_000))
    assert again.damage == []


def test_what_is_accepted_is_not_copied(writer: Writer) -> None:
    writer.log(5000)
    writer.reader.accept(2046, 0)
    writer.reader.spill()
    on_disk = sorted(path.name for path in writer.spool.folders.disk.glob("points.*"))
    assert on_disk == ["points.000001"]
    rebooted = writer.after_reboot()
    assert rebooted.accepted_cells == 2046
    assert steps_of(rebooted) == list(range(2046, 5000))


def test_positions_are_kept_in_the_copy_too(writer: Writer) -> None:
    writer.log(10)
    writer.reader.count_refusal()
    writer.reader.spill()
    writer.reader.accept(7, 55)
    rebooted = writer.after_reboot()
    assert (rebooted.accepted_cells, rebooted.accepted_event_bytes) == (7, 55)
    assert rebooted.refused_count == 1


def test_release_deletes_copies_too(writer: Writer) -> None:
    writer.log(5000)
    writer.reader.spill()
    writer.reader.release(5000, 0)
    assert [path.name for path in writer.spool.folders.disk.glob("points.*")] == ["points.000001"]


def test_a_copy_that_a_kill_has_cut_is_continued(writer: Writer) -> None:
    writer.log(100)
    writer.reader.spill()
    copy = writer.spool.folders.disk / "points.000000"
    os.truncate(copy, HEADER_BYTES + 50 * 32 + 11)
    os.truncate(writer.spool.folders.disk / "events.000000", HEADER_BYTES - 3)
    again = SpoolReader(writer.folders, writer.reader.name)
    again.spill()
    rebooted = writer.after_reboot()
    assert steps_of(rebooted) == list(range(100))
    assert kinds_of(rebooted) == kinds_of(writer.reader)


def test_without_tmpfs_there_is_nothing_to_copy(one_folder: ScopeFolders) -> None:
    name = written_in_child(one_folder, lambda run, spool: run.log_metric("a", 0.5, 0, NOW_MS))
    assert SpoolReader(one_folder, name).spill() == 0


def test_a_dead_process_is_spilled_closed_and_removed(two_folders: ScopeFolders) -> None:
    def work(run: RunSpool, spool: ProcessSpool) -> None:
        for step in range(3000):
            run.log_metric("loss", 0.5, step, NOW_MS)

    reader = SpoolReader(two_folders, written_in_child(two_folders, work))
    assert reader.adopt()
    reader.spill()
    reader.append_frames([])
    assert steps_of(reader) == list(range(3000))
    reader.remove()
    assert os.listdir(two_folders.active) == os.listdir(two_folders.disk) == []


def test_segments_beyond_the_share_of_tmpfs_go_to_disk(
    two_folders: ScopeFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "TMPFS_PROCESS_BYTES", 340_000)
    writer = Writer(two_folders)
    writer.log(60_000)
    on_tmpfs = sorted(path.name for path in writer.spool.folders.active.glob("points.*"))
    on_disk = sorted(path.name for path in writer.spool.folders.disk.glob("points.*"))
    assert on_tmpfs == ["points.000000", "points.000001"]
    assert on_disk == ["points.000002", "points.000003"]
    assert steps_of(writer.reader) == list(range(60_000))
    writer.reader.spill()
    assert steps_of(writer.after_reboot()) == list(range(60_000))


def test_a_vanished_tmpfs_of_this_boot_is_a_reboot(
    two_folders: ScopeFolders, tmp_path: Path
) -> None:
    def work(run: RunSpool, spool: ProcessSpool) -> None:
        run.log_metric("loss", 0.5, 0, NOW_MS)
        SpoolReader(two_folders, spool.folders.active.name).spill()

    name = written_in_child(two_folders, work)
    shutil.rmtree(two_folders.active / name)
    reader = SpoolReader(two_folders, name)
    assert reader.rebooted
    assert reader.adopt()
    assert steps_of(reader) == [0]
    reader.remove()
    assert os.listdir(two_folders.disk) == []
