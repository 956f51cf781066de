"""Scopes and their folders."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path

import pytest

from runstream.spool import folders as folders_module
from runstream.spool.errors import SpoolUnusable
from runstream.spool.folders import (
    Scope,
    ScopeFolders,
    batch_job,
    boot_id,
    make_private,
    process_names,
    scope_folders,
    sibling_scopes,
    sweep,
)


def test_the_folder_that_is_given_holds_everything(tmp_path: Path) -> None:
    given = tmp_path / "a" / "volume"
    found = scope_folders({"RUNSTREAM_SPOOL_DIR": str(given)})
    assert found.active == found.disk
    assert found.same
    assert found.disk.parent == given / f"runstream-{os.getuid()}"
    assert found.disk.name == Scope.current({}).name
    assert stat.S_IMODE(found.disk.stat().st_mode) == 0o700
    assert stat.S_IMODE(found.disk.parent.stat().st_mode) == 0o700


def test_by_default_there_is_one_on_tmpfs_and_one_on_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for root in ("shm", "var"):
        (tmp_path / root).mkdir()
    monkeypatch.setattr(folders_module, "_TMPFS_ROOT", tmp_path / "shm")
    monkeypatch.setattr(folders_module, "_DISK_ROOT", tmp_path / "var")
    monkeypatch.setattr(folders_module, "filesystem_type", lambda _: "tmpfs")
    found = scope_folders({})
    assert found.active.parent.parent == tmp_path / "shm"
    assert found.disk.parent.parent == tmp_path / "var"
    monkeypatch.setattr(folders_module, "filesystem_type", lambda _: "overlay")
    assert scope_folders({}).same


def test_a_taken_tmpfs_folder_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for root in ("shm", "var"):
        (tmp_path / root).mkdir()
    (tmp_path / "shm" / f"runstream-{os.getuid()}").symlink_to(tmp_path)
    monkeypatch.setattr(folders_module, "_TMPFS_ROOT", tmp_path / "shm")
    monkeypatch.setattr(folders_module, "_DISK_ROOT", tmp_path / "var")
    monkeypatch.setattr(folders_module, "filesystem_type", lambda _: "tmpfs")
    found = scope_folders({})
    assert found.same
    assert found.disk.parent.parent == tmp_path / "var"


def test_no_folder_at_all_is_an_error_that_names_the_variable(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SpoolUnusable, match="RUNSTREAM_SPOOL_DIR"):
        scope_folders({"RUNSTREAM_SPOOL_DIR": str(tmp_path / "file")})


def test_a_link_is_no_private_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(SpoolUnusable, match="is not a folder of user"):
        make_private(tmp_path / "link")


def test_a_permissive_folder_of_ours_is_closed(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o777)
    make_private(tmp_path / "open")
    assert stat.S_IMODE((tmp_path / "open").stat().st_mode) == 0o700


def test_every_part_of_a_scope_tells() -> None:
    scope = Scope(1, "boot", "pid:1", "net:1", "mnt:1", "")
    others = [
        Scope(2, "boot", "pid:1", "net:1", "mnt:1", ""),
        Scope(1, "other", "pid:1", "net:1", "mnt:1", ""),
        Scope(1, "boot", "pid:2", "net:1", "mnt:1", ""),
        Scope(1, "boot", "pid:1", "net:2", "mnt:1", ""),
        Scope(1, "boot", "pid:1", "net:1", "mnt:2", ""),
        Scope(1, "boot", "pid:1", "net:1", "mnt:1", "SLURM_JOB_ID=5"),
        Scope(1, "boot", "pid:1", "net:1", "mnt:1", "", spool_format=99),
    ]
    assert len({scope.name, *(other.name for other in others)}) == 8
    assert len(scope.name) == 16
    assert Scope(1, "boot", "pid:1", "net:1", "mnt:1", "").name == scope.name


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, ""),
        ({"SLURM_JOB_ID": "12"}, "SLURM_JOB_ID=12"),
        ({"PBS_JOBID": "9.host"}, "PBS_JOBID=9.host"),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, f"pod={os.uname().nodename}"),
    ],
)
def test_batch_jobs(environ: dict[str, str], expected: str) -> None:
    assert batch_job(environ) == expected


def test_the_boot_has_a_name() -> None:
    assert len(boot_id()) > 8
    assert boot_id() == boot_id()


def test_siblings_and_processes(tmp_path: Path) -> None:
    own = ScopeFolders(tmp_path / "shm" / "own", tmp_path / "var" / "own")
    for folder in ("shm/own/p-1", "var/own/p-1", "var/own/p-2", "var/old/p-3", "shm/gone/x"):
        (tmp_path / folder).mkdir(parents=True)
    assert process_names(own) == ["p-1", "p-2"]
    assert [found.disk.name for found in sibling_scopes(own)] == ["gone", "old"]
    assert process_names(ScopeFolders(tmp_path / "no", tmp_path / "no")) == []


def test_leftovers_of_kills_are_swept(tmp_path: Path) -> None:
    for name in ("p-1", ".old-p-2", ".new-p-3", ".new-p-4"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "meta").touch()
    hour_ago = time.time() - 3600
    os.utime(tmp_path / ".new-p-3", (hour_ago, hour_ago))
    sweep(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".new-p-4", "p-1"]
