"""Events files as the writer has them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from runstream.spool.errors import SpoolLost
from runstream.spool.events import EventsFile, nothing_written, write_frame
from runstream.spool.format import HEADER_BYTES, SEAL_BYTES, FileKind, Header, pack_frame

HEADER = Header(FileKind.EVENTS, 2, 1000, HEADER_BYTES + 100, bytes(16))


@pytest.fixture
def file(tmp_path: Path) -> EventsFile:
    made = EventsFile.create(tmp_path, HEADER)
    made.publish()
    return made


def test_positions_count_on_from_the_files_before(file: EventsFile) -> None:
    frame = pack_frame(b"one")
    assert file.end_position == 1000
    assert write_frame(file, frame)
    assert file.end_position == 1000 + len(frame)


def test_an_empty_file_takes_a_frame_of_any_size(file: EventsFile) -> None:
    assert file.has_room(10**6)
    assert write_frame(file, pack_frame(bytes(20)))
    assert file.has_room(100 - 28)
    assert not file.has_room(100 - 27)


def test_a_frame_that_was_cut_is_taken_back(file: EventsFile) -> None:
    assert write_frame(file, pack_frame(b"one"))
    frame = pack_frame(b"two two")
    written = os.write(file.fd, frame[:5])
    assert not file.finish(written, frame)
    assert write_frame(file, pack_frame(b"three"))
    data = os.pread(file.fd, 1000, HEADER_BYTES)
    assert data == pack_frame(b"one") + pack_frame(b"three")


def test_what_an_interrupted_call_appended_is_kept(file: EventsFile) -> None:
    frame = pack_frame(b"written, then KeyboardInterrupt")
    os.write(file.fd, frame)
    file.repair()
    assert file.end_position == 1000 + len(frame)


def test_a_sealed_file_ends_with_zeros_and_stays_as_it_is(file: EventsFile) -> None:
    frame = pack_frame(b"one")
    assert write_frame(file, frame)
    file.seal()
    file.seal()
    assert not file.has_room(1)
    file.repair()
    assert file.end_position == 1000 + len(frame)
    assert os.fstat(file.fd).st_size == HEADER_BYTES + len(frame) + SEAL_BYTES


def test_a_deleted_file_is_a_lost_spool(file: EventsFile, tmp_path: Path) -> None:
    (tmp_path / "events.000002").unlink()
    with pytest.raises(SpoolLost):
        file.repair()


def test_only_a_lack_of_room_writes_nothing() -> None:
    assert nothing_written(OSError(errno.ENOSPC, "")) == 0
    assert nothing_written(OSError(errno.EDQUOT, "")) == 0
    with pytest.raises(OSError, match="broken"):
        nothing_written(OSError(errno.EIO, "broken"))


def test_nobody_sees_a_file_before_it_is_published(tmp_path: Path) -> None:
    file = EventsFile.create(tmp_path, HEADER)
    assert not (tmp_path / "events.000002").exists()
    file.discard()
    assert os.listdir(tmp_path) == []
