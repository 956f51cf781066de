"""Folders for spools that are written under stress."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runstream.spool.folders import ScopeFolders
from runstream.spool.meta import _held, release_meta


@pytest.fixture(autouse=True)
def _locks() -> Iterator[None]:
    """Spools of this process would keep their locks, and descriptors, till its end."""
    before = set(_held)
    yield
    for key in set(_held) - before:
        release_meta(_held[key][1])


@pytest.fixture
def one_folder(tmp_path: Path) -> ScopeFolders:
    """A scope without tmpfs."""
    folder = tmp_path / "scope"
    folder.mkdir()
    return ScopeFolders(folder, folder)
