from __future__ import annotations

import os
from pathlib import Path

import pytest

from runstream_server.backup import back_up
from runstream_server.eventlog.port import NewRecord
from runstream_server.eventlog.sqlite import SqliteLogs
from runstream_server.folder import FolderError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir()
    (made / "FORMAT").write_text("1\n")
    return made


def records(folder: Path) -> list[bytes]:
    logs = SqliteLogs(folder / "log.sqlite", 2)
    try:
        reader = logs.events.open_reader({})
        found = [record.value for record in reader.poll(1 << 20, 0)]
        reader.close()
        return found
    finally:
        logs.close()


def test_the_log_is_copied_while_it_is_open(folder: Path, tmp_path: Path) -> None:
    logs = SqliteLogs(folder / "log.sqlite", 2)
    logs.events.append([NewRecord(0, b"one"), NewRecord(1, b"two")])
    done = back_up(folder, tmp_path / "copy")
    logs.events.append([NewRecord(0, b"later")])
    logs.close()
    assert done.log_bytes > 0
    assert records(tmp_path / "copy") == [b"one", b"two"]
    assert (tmp_path / "copy" / "FORMAT").read_text() == "1\n"


def test_names_of_one_artifact_stay_names_of_one_file(folder: Path, tmp_path: Path) -> None:
    SqliteLogs(folder / "log.sqlite", 1).close()
    stored = folder / "artifacts" / ".objects" / "run" / "upload"
    named = folder / "artifacts" / "0" / "run" / "artifacts" / "model.bin"
    for path in (stored, named):
        path.parent.mkdir(parents=True)
    stored.write_bytes(b"weights")
    os.link(stored, named)
    (folder / "artifacts" / ".incoming").mkdir()
    (folder / "artifacts" / ".incoming" / "half").write_bytes(b"wei")
    (folder / "store").mkdir()

    done = back_up(folder, tmp_path / "copy")

    assert (done.artifacts, done.artifact_bytes) == (1, 7)
    copy = tmp_path / "copy"
    copies = [copy / path.relative_to(folder) for path in (stored, named)]
    assert [path.read_bytes() for path in copies] == [b"weights", b"weights"]
    assert copies[0].samefile(copies[1])
    assert sorted(path.name for path in copy.iterdir()) == ["FORMAT", "artifacts", "log.sqlite"]
    assert not (copy / "artifacts" / ".incoming").exists()


def test_artifacts_can_be_left_to_others(folder: Path, tmp_path: Path) -> None:
    SqliteLogs(folder / "log.sqlite", 1).close()
    (folder / "artifacts").mkdir()
    back_up(folder, tmp_path / "copy", with_artifacts=False)
    assert not (tmp_path / "copy" / "artifacts").exists()


def test_an_existing_target_is_refused_and_left(folder: Path, tmp_path: Path) -> None:
    SqliteLogs(folder / "log.sqlite", 1).close()
    (tmp_path / "copy").mkdir()
    with pytest.raises(FolderError, match="exists already"):
        back_up(folder, tmp_path / "copy")
    assert list((tmp_path / "copy").iterdir()) == []


def test_a_folder_without_a_log_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="no event log"):
        back_up(tmp_path, tmp_path / "copy")


def test_a_failed_backup_leaves_nothing(folder: Path, tmp_path: Path) -> None:
    (folder / "log.sqlite").write_bytes(b"this is no database" * 100)
    with pytest.raises(Exception, match="could not be copied"):
        back_up(folder, tmp_path / "copy")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]
