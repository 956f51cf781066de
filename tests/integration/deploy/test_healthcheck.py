"""The image's health check against a server, one that is gone, and one that is unwell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.integration.server_process import ServerProcess
from tests.unit.deploy.files import DEPLOY


def check(port: int) -> subprocess.CompletedProcess[str]:
    # As in the image: with the standard library alone.
    return subprocess.run(
        [sys.executable, "-I", "-S", str(DEPLOY / "healthcheck.py")],
        env={**os.environ, "RUNSTREAM_PORT": str(port)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_tells_a_server_that_answers_from_one_that_is_gone(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "data")
    try:
        port = int(server.announced()["http_address"].rpartition(":")[2])
        assert check(port).returncode == 0
    finally:
        server.kill()
    gone = check(port)
    assert gone.returncode == 1
    assert "refused" in gone.stdout
