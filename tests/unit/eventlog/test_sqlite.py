"""What only the SQLite log has: a file that outlives the process."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from runstream_server.eventlog.port import LogUnavailableError, NewRecord, Record
from runstream_server.eventlog.sqlite import SqliteLogs


def test_a_reopened_file_goes_on_where_it_ended(tmp_path: Path) -> None:
    first = SqliteLogs(tmp_path / "log.sqlite", 2)
    first.events.append([NewRecord(1, b"a"), NewRecord(1, b"b")])
    first.close()
    second = SqliteLogs(tmp_path / "log.sqlite", 2)
    assert second.events.end_offsets() == {0: 0, 1: 2}
    assert second.events.append([NewRecord(1, b"c")]) == [2]
    second.close()


def test_an_append_is_in_the_file_when_it_returns(tmp_path: Path) -> None:
    logs = SqliteLogs(tmp_path / "log.sqlite", 1)
    logs.events.append([NewRecord(0, b"value")])
    other = sqlite3.connect(tmp_path / "log.sqlite")
    assert other.execute("SELECT offset, value FROM events_0").fetchall() == [(0, b"value")]
    other.close()
    logs.close()


def test_commits_are_forced_to_the_disk(tmp_path: Path) -> None:
    logs = SqliteLogs(tmp_path / "log.sqlite", 1)
    writing = logs._writing
    assert writing.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert writing.execute("PRAGMA synchronous").fetchone() == (2,)
    logs.close()


def test_a_failed_commit_is_told_and_the_next_one_works(tmp_path: Path) -> None:
    logs = SqliteLogs(tmp_path / "log.sqlite", 1)
    logs.events.append([NewRecord(0, b"before")])
    other = sqlite3.connect(tmp_path / "log.sqlite", isolation_level=None)
    # Somebody else's row where ours has to go: the transaction fails as a whole.
    other.execute("INSERT INTO events_0 (offset, value) VALUES (2, x'00')")
    with pytest.raises(LogUnavailableError, match="could not be written"):
        logs.events.append([NewRecord(0, b"lost"), NewRecord(0, b"collides")])
    assert logs.events.end_offsets() == {0: 3}
    other.execute("DELETE FROM events_0 WHERE offset = 2")
    other.close()
    assert logs.events.append([NewRecord(0, b"after")]) == [3]
    logs.close()


def test_close_commits_what_waits(tmp_path: Path) -> None:
    logs = SqliteLogs(tmp_path / "log.sqlite", 1)
    logs.events.append([NewRecord(0, b"a")])
    logs.close()
    logs.close()
    assert not (tmp_path / "log.sqlite-wal").exists()


def test_a_file_that_is_no_database_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "log.sqlite").write_bytes(b"not a database " * 1000)
    with pytest.raises(LogUnavailableError, match=r"log\.sqlite"):
        SqliteLogs(tmp_path / "log.sqlite", 1)


def test_a_reader_does_not_see_beyond_a_commit_of_its_process(tmp_path: Path) -> None:
    logs = SqliteLogs(tmp_path / "log.sqlite", 1)
    reader = logs.events.open_reader({})
    logs.events.append([NewRecord(0, b"a")])
    assert reader.poll(100, 0.0) == [Record(0, 0, b"a")]
    reader.close()
    logs.close()
