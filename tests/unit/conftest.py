"""Unit tests write into memory where there is room: none of them is about a disk."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

_MEMORY = Path("/dev/shm")
_ROOM_BYTES = 1 << 30


def _folder() -> Path | None:
    """Where temporary folders are made; None: where the machine has them."""
    roomy = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES
    return _MEMORY if roomy else None


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder of the test's own; gone with it."""
    with tempfile.TemporaryDirectory(prefix="runstream-unit-", dir=_folder()) as name:
        yield Path(name)
