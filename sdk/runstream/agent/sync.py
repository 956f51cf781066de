"""Forcing copies to the medium, off the main thread: a busy disk may take minutes."""

from __future__ import annotations

import logging
import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

_log = logging.getLogger(__name__)
# Not the meta file: closing a descriptor of it would give up its record lock.
_SYNCED = ("points.", "events.", "journal")
_sync = getattr(os, "fdatasync", os.fsync)


def sync_files(folder: Path) -> None:
    """Wait until the medium has the files of a process's folder, and their names."""
    try:
        for path in sorted(folder.iterdir()):
            if path.name.startswith(_SYNCED):
                _sync_one(path)
        _sync_one(folder)
    except FileNotFoundError:  # accepted and removed meanwhile
        return


def _sync_one(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        os.fsync(fd) if path.is_dir() else _sync(fd)
    finally:
        os.close(fd)


class Syncer:
    """One thread; a folder that is asked for while it is being synced is left out."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sync")
        self._under_way: dict[Path, Future[None]] = {}

    def sync(self, folder: Path) -> None:
        """Have the folder's files synced soon; returns at once."""
        for done in [path for path, future in self._under_way.items() if future.done()]:
            error = self._under_way.pop(done).exception()
            if error is not None:
                _log.warning("%s could not be synced: %s", done, error)
        if folder not in self._under_way:
            self._under_way[folder] = self._thread.submit(sync_files, folder)

    def close(self) -> None:
        """Sync nothing more; what is under way is not waited for."""
        self._thread.shutdown(wait=False, cancel_futures=True)
