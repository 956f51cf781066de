"""A copy of an embedded log while a server writes to it."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path

from runstream_server.eventlog.port import LogUnavailableError

# A commit of the server takes far less.
_BUSY_SECONDS = 20.0


def copy_log(source: Path, target: Path) -> None:
    """Writes the log as it is at one moment into a new file, and forces it to the disk.

    The server goes on meanwhile; its write-ahead file grows by what comes in until the
    copy is done. Copying the files instead could catch them in the middle of a
    checkpoint. Raises LogUnavailableError.
    """
    try:
        with (
            contextlib.closing(_connected(source)) as reading,
            contextlib.closing(_connected(target)) as writing,
        ):
            # In one step: several would begin anew at every commit of the server.
            reading.backup(writing)
    except sqlite3.Error as error:
        raise LogUnavailableError(f"{source} could not be copied to {target}: {error}") from error
    descriptor = os.open(target, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _connected(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
