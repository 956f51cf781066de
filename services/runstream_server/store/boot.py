"""Was the last stop of this store a clean one?

The engine does not force its files to the disk: what it wrote survives the
death of the process, not that of the machine. A file says in which boot the
store was opened; it is removed when the store was closed and written out. One
left by another boot means that rows may be lost, and the tables are built
again from the log.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_MARKER = "RUNNING"


def boot_id() -> str:
    """Names this boot of the machine."""
    if sys.platform == "darwin":
        return subprocess.run(
            ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def unclean_stop(folder: Path, boot: str) -> str:
    """Why the tables in this folder cannot be trusted; empty when they can."""
    marker = folder / _MARKER
    if not marker.exists():
        return ""
    last = marker.read_text().strip()
    if last == boot:
        return ""
    return "the machine stopped while the store was open"


def mark_running(folder: Path, boot: str) -> None:
    """From now on an end without `mark_stopped` is an unclean one."""
    with (folder / _MARKER).open("w") as file:
        file.write(boot)
        file.flush()
        os.fsync(file.fileno())
    _sync_folder(folder)


def mark_stopped(folder: Path) -> None:
    """The engine is closed: write everything out, then say so."""
    os.sync()
    (folder / _MARKER).unlink(missing_ok=True)
    _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
