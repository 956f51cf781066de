"""Two thousand killed writers, on tmpfs and on disk; every cell is compared."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.unit.spool import killing


@pytest.mark.parametrize("place", ["/dev/shm", "/var/tmp"])
def test_every_cell_of_a_killed_writer_is_there(place: str) -> None:
    if not Path(place).is_dir():
        pytest.skip(f"no {place} here")
    with tempfile.TemporaryDirectory(dir=place) as folder:
        command = [sys.executable, killing.__file__, folder, "1000", "1"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("1000 kills")
