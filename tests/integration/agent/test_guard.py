"""The guard and its workers, as processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import runstream.agent.guard

GUARD = Path(runstream.agent.guard.__file__)

# Dies twice, then leaves in order; tells each start.
_WORKER = """
import os, sys
path = sys.argv[1]
with open(path, "a") as file:
    file.write("x")
    count = file.tell()
os.fstat(int(sys.argv[2]))
os._exit(0 if count >= 3 else 1)
"""


def test_it_starts_a_dead_worker_again_until_it_leaves(tmp_path: Path) -> None:
    told, ready = tmp_path / "told", tmp_path / "lock"
    with ready.open("w") as lock:
        worker = [sys.executable, "-c", _WORKER, str(told), str(lock.fileno())]
        code = (
            "import sys\nsys.path.insert(0, sys.argv[1])\nimport guard\n"
            "guard.guard(sys.argv[3:], int(sys.argv[2]))"
        )
        command = [sys.executable, "-c", code, str(GUARD.parent), str(lock.fileno()), *worker]
        subprocess.run(command, check=True, pass_fds=(lock.fileno(),), timeout=30)
    assert told.read_text() == "xxx"
