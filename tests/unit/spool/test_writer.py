"""The spool of a process."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from runstream.spool import events, room, segments
from runstream.spool.errors import SpoolFull, SpoolUnusable
from runstream.spool.folders import ScopeFolders, process_names
from runstream.spool.format import CELL, RUN_BIT
from runstream.spool.limits import SpoolPolicy
from runstream.spool.reader import SpoolReader
from runstream.spool.series import RunSpool
from runstream.spool.writer import ProcessSpool
from runstream.v1 import spool_pb2
from tests.unit.spool.helpers import (
    NOW_MS,
    RUN_ID,
    cells_of,
    in_child,
    kinds_of,
    one_run,
    run_definition,
    steps_of,
)


def reader_of(spool: ProcessSpool, folders: ScopeFolders) -> SpoolReader:
    return SpoolReader(folders, f"p-{spool.producer_id.hex()}")


def log_steps(run: RunSpool, count: int, returned: list[int] | None = None) -> None:
    for step in range(count):
        run.log_metric("loss", 0.5, step, NOW_MS)
        if returned is not None:
            returned.append(step)


def test_a_new_spool_is_whole_private_and_locked(one_folder: ScopeFolders) -> None:
    spool = ProcessSpool.create(one_folder, identity={"host": "here"})
    (name,) = process_names(one_folder)
    folder = one_folder.active / name
    assert spool.folders.active == folder
    assert sorted(os.listdir(folder)) == ["events.000000", "meta", "points.000000"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert os.listdir(one_folder.active) == [name]
    reader = SpoolReader(one_folder, name)
    assert reader.meta.pid == os.getpid()
    assert reader.meta.identity == {"host": "here"}
    assert reader.meta.producer_id == spool.producer_id
    assert reader.writer_alive()
    assert spool.usable()
    assert spool.position() == (0, 0)


def test_it_starts_on_tmpfs_when_there_is_one(two_folders: ScopeFolders) -> None:
    spool = ProcessSpool.create(two_folders)
    assert spool.folders.active.parent == two_folders.active
    assert os.listdir(two_folders.disk) == []
    assert spool.blob_folder() == spool.folders.disk / "blobs"
    assert stat.S_IMODE(spool.blob_folder().stat().st_mode) == 0o700


def test_it_starts_on_disk_when_tmpfs_has_no_room(
    two_folders: ScopeFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "free_bytes", lambda _: 100_000)
    spool = ProcessSpool.create(two_folders)
    one_run(spool).log_metric("loss", 0.5, 1, NOW_MS)
    assert os.listdir(two_folders.active) == []
    reader = reader_of(spool, two_folders)
    assert steps_of(reader) == [1]
    assert not reader.rebooted


def test_no_folder_is_a_spool_that_cannot_be_used(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with pytest.raises(SpoolUnusable, match="gone"):
        ProcessSpool.create(ScopeFolders(gone, gone))


def test_a_failed_start_leaves_nothing(
    one_folder: ScopeFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise SpoolFull("no room")

    monkeypatch.setattr(segments, "create_segment", fail)
    with pytest.raises(SpoolUnusable, match="no room"):
        ProcessSpool.create(one_folder)
    assert os.listdir(one_folder.disk) == []


def test_frames_stand_in_order_with_the_points_before_them(
    spool: ProcessSpool, one_folder: ScopeFolders
) -> None:
    run = one_run(spool)
    run.log_metric("loss", 0.5, 1, NOW_MS)
    spool.append_event(run.run_index, b"an event")
    run.log_metric("loss", 0.25, 2, NOW_MS)
    artifact = spool_pb2.SpooledArtifact(run_index=run.run_index, path="model", blob="b1")
    spool.append_artifact(artifact)
    spool.close_run(run.run_index)
    spool.close()
    spool.close()
    reader = reader_of(spool, one_folder)
    frames = reader.frames(0)
    expected = ["run", "series", "event", "artifact", "run_closed", "process_closed"]
    assert kinds_of(reader) == expected
    assert [frame.frame.cells_before for frame in frames] == [0, 0, 1, 2, 2, 2]
    assert frames[2].frame.event.event == b"an event"
    assert [frame.start for frame in frames[1:]] == [frame.end for frame in frames[:-1]]
    assert spool.position() == (2, frames[-1].end)
    assert reader.frames(frames[3].start)[0] == frames[3]
    assert reader.frames(frames[-1].end) == []


def test_what_is_logged_after_the_end_still_counts(
    spool: ProcessSpool, one_folder: ScopeFolders
) -> None:
    run = one_run(spool)
    spool.close()
    run.log_metric("loss", 0.5, 1, NOW_MS)
    spool.append_event(run.run_index, b"late")
    reader = reader_of(spool, one_folder)
    assert steps_of(reader) == [1]
    assert kinds_of(reader)[-1] == "event"
    assert reader.writer_alive()


def test_runs_and_series_are_counted_densely(spool: ProcessSpool) -> None:
    assert [spool.define_run(run_definition()) for _ in range(3)] == [0, 1, 2]
    assert [spool.define_series(1, key) for key in "abc"] == [0, 1, 2]
    assert [spool.define_series(2, key) for key in "ab"] == [0, 1]


def test_segments_follow_one_another(spool: ProcessSpool, one_folder: ScopeFolders) -> None:
    run = one_run(spool)
    for step in range(12_000):
        run.log_metric("loss", 0.5, step, NOW_MS)
    reader = reader_of(spool, one_folder)
    assert steps_of(reader) == list(range(12_000))
    assert len(list(spool.folders.active.glob("points.*"))) == 3
    assert spool.position()[0] == 12_000


def test_a_long_write_is_cut_and_the_rest_of_a_segment_void(
    spool: ProcessSpool, one_folder: ScopeFolders
) -> None:
    cells = [CELL.pack(RUN_BIT, 0, step, 0.5, NOW_MS) for step in range(5000)]
    for _ in range(3):
        spool.write_cells(b"".join(cells))
    reader = reader_of(spool, one_folder)
    assert steps_of(reader) == list(range(5000)) * 3
    total = spool.position()[0]
    assert total > 15_000
    assert reader.valid_cells() == total
    assert len(cells_of(reader)) == 15_000


def test_events_files_follow_one_another(
    spool: ProcessSpool, one_folder: ScopeFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "EVENTS_FILE_BYTES", 500)
    run = one_run(spool)
    reader = reader_of(spool, one_folder)
    seen: list[bytes] = []
    position = 0
    spool._frames._files.current._size_bytes = 500
    for number in range(60):
        spool.append_event(run.run_index, b"%d" % number * 10)
        for frame in reader.frames(position):
            seen.append(frame.frame.event.event)
            position = frame.end
    assert seen[1:] == [b"%d" % number * 10 for number in range(60)]
    assert len(list(spool.folders.active.glob("events.*"))) > 3
    assert spool.position()[1] == position
    assert reader_of(spool, one_folder).frames(0, 2**30)[-1].end == position
    assert reader.damage == []


def test_a_frame_larger_than_any_file_has_one_of_its_own(
    spool: ProcessSpool, one_folder: ScopeFolders
) -> None:
    run = one_run(spool)
    spool.append_event(run.run_index, b"x" * 5_000_000)
    spool.append_event(run.run_index, b"y")
    frames = reader_of(spool, one_folder).frames(0, 2**30)
    assert [len(frame.frame.event.event) for frame in frames] == [0, 5_000_000, 1]
    assert len(reader_of(spool, one_folder).frames(frames[1].start, 100)) == 1


def test_an_absurd_frame_is_refused(spool: ProcessSpool) -> None:
    with pytest.raises(ValueError, match="larger than"):
        spool.append_event(0, bytes(17_000_000))


def test_the_limit_raises_when_told_to(one_folder: ScopeFolders) -> None:
    spool = ProcessSpool.create(one_folder, policy=SpoolPolicy("raise", 200_000))
    run = one_run(spool)
    returned: list[int] = []
    with pytest.raises(SpoolFull, match=r"RESOURCE_EXHAUSTED.*200000"):
        log_steps(run, 10**6, returned)
    assert steps_of(reader_of(spool, one_folder)) == returned


def test_the_limit_blocks_until_the_agent_has_made_room(
    one_folder: ScopeFolders, caplog: pytest.LogCaptureFixture
) -> None:
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 3:
            reader = reader_of(spool, one_folder)
            seen.extend(steps_of(reader))
            reader.release(reader.valid_cells(), 0)

    seen: list[int] = []
    policy = SpoolPolicy("block", 350_000)
    spool = ProcessSpool.create(one_folder, policy=policy, pause=pause)
    run = one_run(spool)
    for step in range(11_000):
        run.log_metric("loss", 0.5, step, NOW_MS)
    assert len(pauses) >= 3
    assert pauses[0] < pauses[1] < pauses[2] <= 1.0
    assert caplog.text.count("the spool is full") == 1
    assert seen == list(range(len(seen)))
    assert len(seen) > 2000
    assert steps_of(reader_of(spool, one_folder))[-1] == 10_999


def test_ten_thousand_runs_and_few_descriptors(one_folder: ScopeFolders) -> None:
    def child() -> None:
        used = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 32
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + 8, used + 8))
        spool = ProcessSpool.create(one_folder)
        for number in range(10_000):
            run = one_run(spool)
            run.log_metric("loss", 0.5, number, NOW_MS)

    assert in_child(child) == 0
    (name,) = process_names(one_folder)
    reader = SpoolReader(one_folder, name)
    assert steps_of(reader) == list(range(10_000))
    runs = {cell[0] & ~RUN_BIT for cell in cells_of(reader)}
    assert runs == set(range(10_000))
    reader.close()


def test_importing_it_brings_in_neither_grpc_nor_protobuf() -> None:
    code = (
        "import sys, runstream.spool.writer, runstream.spool.series, runstream.spool.folders\n"
        "print([name for name in sys.modules if 'grpc' in name or 'protobuf' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_an_event_names_its_run(spool: ProcessSpool, one_folder: ScopeFolders) -> None:
    spool.append_event(spool.define_run(run_definition()), b"x")
    run, event = (frame.frame for frame in reader_of(spool, one_folder).frames(0))
    assert (run.run.run_id, run.run.tracking_uri, run.run.owned) == (RUN_ID, "file:///data", True)
    assert event.event.run_index == run.run.run_index
