from __future__ import annotations

from pathlib import Path

import pytest

from runstream.agent import journal, records
from runstream.agent.cut import Cursor
from runstream.agent.opening import Origin
from runstream.agent.recorder import Recorder
from runstream.spool.folders import ScopeFolders
from tests.unit.agent.memory import MemorySpool

URI = "grpc://server:1"
HERE = Origin(b"p" * 16, "boot", Cursor(0, 0), False)


@pytest.fixture
def two(tmp_path: Path) -> ScopeFolders:
    folders = ScopeFolders(tmp_path / "active", tmp_path / "disk")
    for folder in folders:
        folder.mkdir()
    return folders


def filled(two: ScopeFolders, spool: MemorySpool) -> Recorder:
    recorder = Recorder(two, two.active / "reserve")
    assert not recorder.begin(HERE, "boot")
    spool.run(0)
    for made in spool.frames_made:
        recorder.define(made.start, made.end, made.frame)
    return recorder


def test_frames_are_written_with_the_next_record(two: ScopeFolders, spool: MemorySpool) -> None:
    recorder = filled(two, spool)
    assert len(journal.unpack((two.active / "journal").read_bytes())[0]) == 1
    recorder.record(records.advanced(URI, Cursor(0, spool.end)))
    recorder.close()
    again = Recorder(two, two.active / "reserve")
    assert again.ledger.checkpoint() == recorder.ledger.checkpoint()
    again.close()


def test_a_failed_write_changes_nothing(
    two: ScopeFolders, spool: MemorySpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorder = filled(two, spool)

    def full(self: journal.JournalFile, payloads: object) -> None:
        raise OSError("full")

    with monkeypatch.context() as patched:
        patched.setattr(journal.JournalFile, "append", full)
        with pytest.raises(OSError, match="full"):
            recorder.record(records.shut(URI, "ab", "no"))
    assert not recorder.ledger.streams
    recorder.record(records.shut(URI, "ab", "no"))
    recorder.close()
    again = Recorder(two, two.active / "reserve")
    assert len(again.ledger.streams) == 1
    assert list(again.ledger.book.runs) == [0]
    again.close()


def test_the_copy_follows_when_definitions_are_new(two: ScopeFolders, spool: MemorySpool) -> None:
    recorder = filled(two, spool)
    recorder.keep_mirror()
    assert not (two.disk / "journal").exists()  # nothing is spilled yet
    recorder.mirror()
    spool.close_run(0)
    last = spool.frames_made[-1]
    recorder.define(last.start, last.end, last.frame)
    recorder.record()
    recorder.keep_mirror()
    recorder.close()
    (two.active / "journal").unlink()
    two.active.rmdir()
    copy = Recorder(two, two.active / "reserve")
    assert copy.ledger.book.runs[0].closed_at == last.start
    copied = Origin(b"p" * 16, "boot", Cursor(0, 0), True)
    copy.begin(copied, "boot")
    assert copy.ledger.producer_id != b"p" * 16
    copy.close()


def test_a_journal_of_a_later_version_is_not_guessed(two: ScopeFolders) -> None:
    (two.active / "journal").write_bytes(journal.pack([b'{"k":"from the future"}']))
    with pytest.raises(ValueError, match="does not know"):
        Recorder(two, two.active / "reserve")
