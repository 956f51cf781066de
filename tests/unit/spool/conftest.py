"""Folders for spools of tests."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runstream.spool.folders import ScopeFolders
from runstream.spool.meta import _held, release_meta
from runstream.spool.writer import ProcessSpool


@pytest.fixture(autouse=True)
def _locks() -> Iterator[None]:
    """Spools of this process would keep their locks, and descriptors, till its end."""
    before = set(_held)
    yield
    for key in set(_held) - before:
        release_meta(_held[key][1])


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A scope's folder on disk."""
    folder = tmp_path / "disk" / "scope"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def one_folder(disk: Path) -> ScopeFolders:
    """A scope without tmpfs."""
    return ScopeFolders(disk, disk)


@pytest.fixture
def two_folders(disk: Path) -> Iterator[ScopeFolders]:
    """A scope with one folder on tmpfs and one on disk."""
    if not Path("/dev/shm").is_dir():
        pytest.skip("no /dev/shm here")
    root = tempfile.mkdtemp(prefix="runstream-test-", dir="/dev/shm")
    active = Path(root) / "scope"
    active.mkdir()
    yield ScopeFolders(active, disk)
    shutil.rmtree(root)


@pytest.fixture
def spool(one_folder: ScopeFolders) -> ProcessSpool:
    """A spool of this process."""
    return ProcessSpool.create(one_folder)
