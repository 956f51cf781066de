from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from runstream.agent import journal
from runstream.agent.journal import JournalFile
from runstream.agent.limits import JOURNAL_BYTES

RECORDS = [b"one", b"two" * 100, b"3"]


def test_records_are_there_after_a_kill(tmp_path: Path) -> None:
    file = JournalFile(tmp_path / "journal")
    file.append(RECORDS[:1])
    file.append(RECORDS[1:])
    again = JournalFile(tmp_path / "journal")  # the first was never closed
    assert again.records == RECORDS
    again.append([b"more"])
    assert JournalFile(tmp_path / "journal").records == [*RECORDS, b"more"]
    for opened in (file, again):
        opened.close()


def test_any_torn_end_leaves_the_records_before_it(tmp_path: Path) -> None:
    data = journal.pack(RECORDS)
    for length in range(len(data)):
        whole, end = journal.unpack(data[:length])
        assert whole == RECORDS[: len(whole)]
        path = tmp_path / "journal"
        path.write_bytes(data[:length] + bytes(64))
        file = JournalFile(path)
        assert file.records == whole
        assert file.size_bytes == end
        file.append([b"next"])
        file.close()
        assert journal.unpack(path.read_bytes())[0] == [*whole, b"next"]


def test_a_flipped_bit_ends_the_records() -> None:
    data = bytearray(journal.pack(RECORDS))
    data[-1] ^= 1
    assert journal.unpack(bytes(data))[0] == RECORDS[:-1]


def test_room_is_reserved(tmp_path: Path) -> None:
    JournalFile(tmp_path / "journal").close()
    status = os.stat(tmp_path / "journal")
    assert status.st_size == JOURNAL_BYTES
    assert status.st_blocks * 512 >= JOURNAL_BYTES


def test_rewriting_replaces_everything(tmp_path: Path) -> None:
    file = JournalFile(tmp_path / "journal")
    file.append([bytes(JOURNAL_BYTES)])
    assert file.long
    file.rewrite([b"state"])
    assert not file.long
    file.append([b"after"])
    file.close()
    assert JournalFile(tmp_path / "journal").records == [b"state", b"after"]


def test_a_full_disk_takes_the_reserve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reserve = tmp_path / "reserve"
    os.close(journal.write_whole(reserve, b"", allocate_bytes=JOURNAL_BYTES))

    def full(fd: int, offset: int, length: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "posix_fallocate", full)
    file = JournalFile(tmp_path / "journal", reserve)
    file.append([b"goes"])
    file.close()
    assert not reserve.exists()
    assert JournalFile(tmp_path / "journal").records == [b"goes"]
    with pytest.raises(OSError, match="no space"):
        JournalFile(tmp_path / "other", reserve)
    assert not (tmp_path / "other").exists()


def test_a_failed_write_leaves_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = JournalFile(tmp_path / "journal")
    file.append([b"first"])
    write, calls = os.pwrite, []

    def short(fd: int, data: bytes, offset: int) -> int:
        calls.append(offset)
        if len(calls) == 1:
            return write(fd, data[:5], offset)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "no space")
        return write(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", short)
    with pytest.raises(OSError, match="no space"):
        file.append([b"second"])
    monkeypatch.undo()
    file.append([b"third"])
    file.close()
    assert JournalFile(tmp_path / "journal").records == [b"first", b"third"]
