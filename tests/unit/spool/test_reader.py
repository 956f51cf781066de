"""The spool of another process, as the agent reads it."""

from __future__ import annotations

import os
import signal
import time

import pytest

from runstream.spool import cells as cells_module
from runstream.spool import reader as reader_module
from runstream.spool.errors import SpoolInUse
from runstream.spool.folders import ScopeFolders, process_names
from runstream.spool.format import HEADER_BYTES, pack_frame
from runstream.spool.reader import SpoolReader
from runstream.spool.writer import ProcessSpool
from tests.unit.spool.helpers import (
    NOW_MS,
    cells_of,
    damage,
    dead,
    in_child,
    killed,
    kinds_of,
    one_run,
    steps_of,
)


def test_a_dead_process_is_adopted_once(one_folder: ScopeFolders) -> None:
    reader = dead(one_folder)
    assert not reader.writer_alive()
    assert reader.adopt()
    assert reader.adopt()

    def other_agent() -> None:
        other = SpoolReader(one_folder, reader.name)
        assert other.writer_alive()  # somebody holds it
        assert not other.adopt()

    assert in_child(other_agent) == 0
    assert steps_of(reader) == [0, 1, 2, 3, 4]
    assert kinds_of(reader) == ["run", "series", "event", "event"]
    assert reader.damage == []


def test_a_living_one_cannot_be_changed(spool: ProcessSpool, one_folder: ScopeFolders) -> None:
    reader = SpoolReader(one_folder, f"p-{spool.producer_id.hex()}")
    assert not reader.adopt()
    with pytest.raises(SpoolInUse):
        reader.append_frames([killed()])
    with pytest.raises(SpoolInUse):
        reader.remove()
    reader.close()
    assert in_child(lambda: os._exit(SpoolReader(one_folder, reader.name).adopt())) == 0


def test_a_reader_follows_a_writer(one_folder: ScopeFolders) -> None:
    pid = os.fork()
    if not pid:
        run = one_run(ProcessSpool.create(one_folder))
        step = 0
        while True:
            run.log_metric("loss", 0.5, step, NOW_MS)
            step += 1
    while not process_names(one_folder):
        pass
    reader = SpoolReader(one_folder, process_names(one_folder)[0])
    seen: list[int] = []
    position = 0
    while len(seen) < 20_000:
        valid = reader.valid_cells()
        assert valid >= position
        pieces = reader.cells(position, valid)
        seen += [step for piece in pieces for step in piece.cast("q")[1::4].tolist()]
        position = valid
    assert reader.writer_alive()
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert seen == list(range(len(seen)))
    assert len(reader.frames(0)) == 2


def test_off_x86_only_cells_that_were_whole_before_are_read(
    spool: ProcessSpool, one_folder: ScopeFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells_module, "_STORES_IN_ORDER", False)
    run = one_run(spool)
    reader = SpoolReader(one_folder, f"p-{spool.producer_id.hex()}")
    assert reader.valid_cells() == 0
    run.log_metric("loss", 0.5, 0, NOW_MS)
    assert reader.valid_cells() == 0
    assert reader.valid_cells() == 1
    run.log_metric("loss", 0.5, 1, NOW_MS)
    assert [reader.valid_cells() for _ in range(3)] == [1, 2, 2]
    for step in range(2, 5000):
        run.log_metric("loss", 0.5, step, NOW_MS)
    counts = [reader.valid_cells() for _ in range(3)]
    assert counts == [2, 2046, 5000]


def test_a_cell_that_was_torn_ends_a_dead_process(one_folder: ScopeFolders) -> None:
    reader = dead(one_folder, points=100)
    points = reader.folders.active / "points.000000"
    damage(points, HEADER_BYTES + 60 * 32, bytes(4))  # its run word is missing
    assert reader.adopt()
    assert reader.valid_cells() == 60
    damage(points, HEADER_BYTES + 50 * 32 + 24, bytes(8))  # its timestamp is
    assert SpoolReader(one_folder, reader.name).valid_cells() == 50


def test_a_torn_frame_is_not_seen(one_folder: ScopeFolders) -> None:
    reader = dead(one_folder, events=3)
    end = reader.frames(0)[-1].end
    events = reader.folders.active / "events.000000"
    with events.open("ab") as file:
        file.write(pack_frame(b"never finished")[:-3])
    assert reader.frames(end) == []
    assert reader.adopt()
    assert [frame.end for frame in reader.frames(0)][-1] == end
    assert reader.damage == []


def test_the_end_of_a_dead_process_is_appended_whole(one_folder: ScopeFolders) -> None:
    reader = dead(one_folder)
    with (reader.folders.active / "events.000000").open("ab") as file:
        file.write(b"\x09\0\0\0torn")
    end = reader.frames(0)[-1].end
    assert reader.adopt()
    reader.append_frames([killed(), killed()])
    added = reader.frames(end)
    assert [frame.frame.run_closed.died for frame in added] == [True, True]
    assert [frame.frame.cells_before for frame in added] == [5, 5]
    assert added[0].start == end
    assert kinds_of(reader)[-3:] == ["event", "run_closed", "run_closed"]
    reader.append_frames([killed()])
    reader.close()
    again = SpoolReader(one_folder, reader.name)
    assert len(again.frames(end)) == 3
    assert again.damage == []


def test_the_end_needs_room(one_folder: ScopeFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = dead(one_folder)
    assert reader.adopt()
    count = len(reader.frames(0))
    monkeypatch.setattr(reader_module, "write_frame", lambda file, frame: False)
    with pytest.raises(OSError, match="no room"):
        reader.append_frames([killed()])
    assert len(reader.frames(0)) == count
    monkeypatch.undo()
    reader.append_frames([killed()])
    assert len(reader.frames(0)) == count + 1


def test_released_files_are_gone_and_the_rest_is_read_as_before(one_folder: ScopeFolders) -> None:
    reader = dead(one_folder, points=20_000)
    cells = cells_of(reader)
    views = reader.cells(0, 2000)
    reader.release(2045, 0)
    assert reader.cells(0, 1) != []
    reader.release(2046, 0)
    names = sorted(path.name for path in reader.folders.active.glob("points.*"))
    assert names == ["points.000001", "points.000002"]
    assert cells_of(reader, 2046) == cells[2046:]
    assert bytes(views[0])[:4] == b"\0\0\0\x80"  # what was handed out stays readable
    reader.release(10**9, 10**9)
    assert [path.name for path in reader.folders.active.glob("points.*")] == ["points.000002"]
    assert reader.valid_cells() == 20_000
    assert len(reader.frames(0)) == 4
    again = SpoolReader(one_folder, reader.name)
    assert again.valid_cells() == 20_000
    assert again.damage == []


def test_what_was_accepted_is_remembered(one_folder: ScopeFolders) -> None:
    reader = dead(one_folder)
    reader.accept(5, 70)
    reader.count_refusal()
    reader.count_artifact()
    reader.count_artifact()
    again = SpoolReader(one_folder, reader.name)
    assert (again.accepted_cells, again.accepted_event_bytes) == (5, 70)
    assert (again.refused_count, again.artifacts_accepted) == (1, 2)


def test_a_spool_that_is_done_is_removed(one_folder: ScopeFolders) -> None:
    reader = dead(one_folder)
    assert reader.adopt()
    reader.remove()
    assert os.listdir(one_folder.disk) == []
    with pytest.raises(FileNotFoundError):
        SpoolReader(one_folder, reader.name)


def test_the_last_write_has_a_time(one_folder: ScopeFolders) -> None:
    reader = dead(one_folder)
    now_ms = time.time_ns() // 1_000_000
    assert reader.meta.started_ms <= reader.last_written_ms() <= now_ms + 1


def test_another_boot_is_noticed(one_folder: ScopeFolders, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = dead(one_folder)
    assert not reader.rebooted
    monkeypatch.setattr(reader_module, "boot_id", lambda: "another")
    again = SpoolReader(one_folder, reader.name)
    assert again.rebooted
    assert not again.writer_alive()
    assert steps_of(again) == [0, 1, 2, 3, 4]
