"""A writer that is killed at a random moment while a reader follows it.

`tests/e2e/test_spool_kill.py` does it two thousand times.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.unit.spool import killing


def test_every_cell_of_a_killed_writer_is_there(tmp_path: Path) -> None:
    command = [sys.executable, killing.__file__, str(tmp_path), "50", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("50 kills")
