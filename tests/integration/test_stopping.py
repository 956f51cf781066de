"""A command that waits for the server of a folder ends when it is told to."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from pathlib import Path

from runstream_server.folder import DataFolder
from runstream_server.folder_lock import FolderLock


def test_a_rebuild_that_nobody_takes_is_withdrawn(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path / "data")
    with contextlib.closing(FolderLock(folder, "person")) as lock:
        lock.take()
        folder.log.touch()
        process = subprocess.Popen(
            [sys.executable, "-m", "runstream_server", "rebuild", str(folder.path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )
        deadline = time.monotonic() + 25.0
        while folder.requested_rebuild() is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=15.0)
    assert process.returncode == 1
    assert b"nothing was asked for" in said
    assert folder.requested_rebuild() is None
