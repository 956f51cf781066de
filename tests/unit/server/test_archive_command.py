"""`runstream archive`, as far as it needs no broker."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from runstream_server.cluster.archive_command import archive
from runstream_server.eventlog.archive.archive import Archive
from runstream_server.eventlog.archive.archiver import Archiver
from runstream_server.eventlog.archive.folder import FolderObjects
from runstream_server.eventlog.genesis import establish
from runstream_server.eventlog.memory import MemoryLogs


def run(*arguments: str, **variables: str) -> Result:
    return CliRunner().invoke(archive, arguments, env=variables)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """With an archive of one record."""
    logs = MemoryLogs(2)
    identity = establish(logs.events, logs.registry)
    opened = Archive(FolderObjects(tmp_path))
    assert Archiver(logs, opened, identity).run(threading.Event()) is not None
    return tmp_path


def test_what_is_not_set_is_named(tmp_path: Path) -> None:
    result = run()
    assert (result.exit_code, "RUNSTREAM_ARCHIVE" in result.output) == (1, True)
    result = run(RUNSTREAM_ARCHIVE=str(tmp_path))
    assert (result.exit_code, "RUNSTREAM_KAFKA" in result.output) == (1, True)
    result = run(RUNSTREAM_ARCHIVE="s3:archive")
    assert (result.exit_code, "RUNSTREAM_S3_ENDPOINT" in result.output) == (1, True)
    result = run("--archive", "somewhere")
    assert (result.exit_code, "an absolute path" in result.output) == (2, True)


def test_an_archive_is_verified(folder: Path) -> None:
    result = run("verify", RUNSTREAM_ARCHIVE=str(folder))
    assert result.exit_code == 0
    assert result.output == "1 record in 1 object read again: all as they were written.\n"


def test_damage_is_named(folder: Path) -> None:
    (path,) = folder.glob("registry/*/records/*")
    path.write_bytes(b"something else")
    result = run("verify", RUNSTREAM_ARCHIVE=str(folder))
    assert result.exit_code == 1
    assert path.name in result.output
    result = run("verify", "--json", RUNSTREAM_ARCHIVE=str(folder))
    assert result.exit_code == 1
    (sentence,) = json.loads(result.stdout)["damaged"]
    assert "its bytes are not those that were written" in sentence


def test_nothing_to_verify(tmp_path: Path) -> None:
    result = run("verify", RUNSTREAM_ARCHIVE=str(tmp_path))
    assert (result.exit_code, "Nothing was archived" in result.output) == (1, True)
