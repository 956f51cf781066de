"""In processes of their own: a worker's resets are not for the tests' process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_LIMITS = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (64, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
from runstream.agent.detach import reset_limits
reset_limits()
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
assert soft == min(hard, 65536) or hard == resource.RLIM_INFINITY, (soft, hard)
assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
"""

_LOG = """
import logging, sys
from pathlib import Path
from runstream.agent.detach import open_log
open_log(Path(sys.argv[1]))
logging.getLogger("runstream.x").warning("seen")
raise RuntimeError("the end")
"""


def run(code: str, *arguments: str) -> int:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], check=False, stderr=subprocess.DEVNULL
    ).returncode


def test_soft_limits_are_raised() -> None:
    assert run(_LIMITS) == 0


def test_the_last_words_of_a_worker_are_in_its_log(tmp_path: Path) -> None:
    assert run(_LOG, str(tmp_path)) == 1
    log = (tmp_path / "agent.log").read_text()
    assert "WARNING runstream.x: seen" in log
    assert "RuntimeError: the end" in log
