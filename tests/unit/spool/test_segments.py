"""Points segments as the writer has them."""

from __future__ import annotations

import errno
import gc
import os
import threading
from pathlib import Path

import pytest

from runstream.spool import segments
from runstream.spool.cells import SegmentView
from runstream.spool.errors import SpoolLost
from runstream.spool.format import CELL, HEADER_BYTES, RUN_BIT, VOID_CELL, FileKind, Header
from runstream.spool.segments import AppendedSegment, Segment, create_segment

PRODUCER = bytes(range(16))
KINDS = [FileKind.MAPPED_POINTS, FileKind.APPENDED_POINTS]


def cell(step: int) -> bytes:
    return CELL.pack(RUN_BIT, 0, step, 0.5, 1)


def make(folder: Path, kind: FileKind, cells: int = 4) -> Segment:
    header = Header(kind, 3, 100, HEADER_BYTES + cells * 32, PRODUCER)
    return create_segment(folder, header, threading.RLock())


def steps(folder: Path) -> list[int]:
    view = SegmentView.open(folder / "points.000003", PRODUCER, True)
    assert isinstance(view, SegmentView)
    assert view.base == 100
    (piece,) = view.pieces(0, view.valid(final=True), print) or [memoryview(b"")]
    return [cell[2] for cell in CELL.iter_unpack(piece)]


@pytest.mark.parametrize("kind", KINDS)
def test_cells_go_to_the_end_until_it_is_full(tmp_path: Path, kind: FileKind) -> None:
    segment = make(tmp_path, kind)
    segment.write(cell(0))
    segment.write(cell(1) + cell(2))
    with pytest.raises(ValueError, match=r"."):
        segment.write(cell(3) + cell(4))
    assert segment.written() == 3
    segment.write(cell(3))
    with pytest.raises(ValueError, match=r"."):
        segment.write(cell(4))
    segment.publish()
    assert steps(tmp_path) == [0, 1, 2, 3]


@pytest.mark.parametrize("kind", KINDS)
def test_a_sealed_segment_takes_nothing(tmp_path: Path, kind: FileKind) -> None:
    segment = make(tmp_path, kind)
    segment.write(cell(0))
    segment.seal()
    segment.seal()
    with pytest.raises(ValueError, match=r"."):
        segment.write(cell(1))
    segment.publish()
    assert steps(tmp_path) == [0]


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_sees_a_segment_before_it_is_published(tmp_path: Path, kind: FileKind) -> None:
    segment = make(tmp_path, kind)
    assert not (tmp_path / "points.000003").exists()
    segment.publish()
    segment.publish()
    assert os.listdir(tmp_path) == ["points.000003"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_discarded_segment_leaves_nothing(tmp_path: Path, kind: FileKind) -> None:
    make(tmp_path, kind).discard()
    assert os.listdir(tmp_path) == []


def test_a_removed_folder_is_a_lost_spool(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    segment = make(tmp_path / "folder", FileKind.MAPPED_POINTS)
    for file in (tmp_path / "folder").iterdir():
        file.unlink()
    (tmp_path / "folder").rmdir()
    with pytest.raises(SpoolLost, match="removed"):
        segment.publish()


def test_a_mapped_segment_has_its_blocks_from_the_start(tmp_path: Path) -> None:
    segment = make(tmp_path, FileKind.MAPPED_POINTS, cells=2046)
    segment.publish()
    status = (tmp_path / "points.000003").stat()
    assert status.st_size == 64 * 1024
    assert status.st_blocks * 512 >= status.st_size


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_while_it_is_made_leaves_nothing(
    tmp_path: Path, kind: FileKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(os, "posix_fallocate", fail)
    monkeypatch.setattr(os, "write", fail)
    gc.collect()
    before = os.listdir("/proc/self/fd") if Path("/proc/self/fd").is_dir() else []
    with pytest.raises(OSError, match="full"):
        make(tmp_path, kind)
    assert os.listdir(tmp_path) == []
    after = os.listdir("/proc/self/fd") if Path("/proc/self/fd").is_dir() else []
    assert len(after) == len(before)


def test_part_of_a_cell_is_taken_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    segment = make(tmp_path, FileKind.APPENDED_POINTS, cells=10)
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, bytes(data)[:70]))
    with pytest.raises(ValueError, match="full"):
        segment.write(cell(0) + cell(1) + cell(2))
    monkeypatch.undo()
    segment.write(cell(7))
    segment.publish()
    assert steps(tmp_path) == [0, 1, 7]


def test_a_handler_within_a_short_write_finds_whole_cells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment = make(tmp_path, FileKind.APPENDED_POINTS, cells=10)
    real = os.write

    def short_then_handler(fd: int, data: bytes) -> int:
        monkeypatch.undo()
        written = real(fd, bytes(data)[:40])
        segment.write(cell(9))
        return written

    monkeypatch.setattr(os, "write", short_then_handler)
    with pytest.raises(ValueError, match="full"):
        segment.write(cell(0) + cell(1))
    segment.write(cell(2))
    segment.publish()
    assert steps(tmp_path) == [0, 9, 2]


def test_other_errors_of_the_disk_are_not_taken_for_a_full_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment = make(tmp_path, FileKind.APPENDED_POINTS)

    def fail(*_: object) -> int:
        raise OSError(errno.EIO, "broken")

    monkeypatch.setattr(os, "write", fail)
    with pytest.raises(OSError, match="broken"):
        segment.write(cell(0))


def test_without_a_gil_writes_are_locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "gil_enabled", lambda: False)
    lock = threading.RLock()
    header = Header(FileKind.MAPPED_POINTS, 3, 100, HEADER_BYTES + 64, PRODUCER)
    segment = create_segment(tmp_path, header, lock)
    thread = threading.Thread(target=segment.write, args=(cell(0),))
    with lock:
        thread.start()
        thread.join(0.01)
        assert segment.written() == 0
    thread.join()
    assert segment.written() == 1


def test_the_end_of_a_mapped_segment_is_void(tmp_path: Path) -> None:
    segment = make(tmp_path, FileKind.MAPPED_POINTS)
    segment.seal()
    segment.publish()
    assert (tmp_path / "points.000003").read_bytes()[HEADER_BYTES:] == VOID_CELL * 4


def test_appended_segments_give_up_their_descriptor(tmp_path: Path) -> None:
    segment = make(tmp_path, FileKind.APPENDED_POINTS)
    assert isinstance(segment, AppendedSegment)
    fd = segment._appender._fd
    os.fstat(fd)
    del segment
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(fd)
