"""Where the next file of a process goes: tmpfs while its share lasts, then the disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from runstream.spool.errors import CANNOT_GROW, SpoolFull, SpoolLost
from runstream.spool.filesystem import free_bytes, is_mappable, used_bytes
from runstream.spool.folders import ScopeFolders, make_private
from runstream.spool.limits import (
    SEGMENT_FIRST_BYTES,
    SEGMENT_GROWTH,
    TMPFS_FREE_SHARE,
    TMPFS_PROCESS_BYTES,
    SpoolPolicy,
)

T = TypeVar("T")


class Room:
    """The folders of one process, and what may still be put into them."""

    def __init__(self, folders: ScopeFolders, policy: SpoolPolicy) -> None:
        self.folders = folders
        self._policy = policy
        self._mappable: dict[Path, bool] = {}

    def mappable(self, folder: Path) -> bool:
        """Whether a file there may be written through a mapping."""
        if folder not in self._mappable:
            self._mappable[folder] = is_mappable(folder)
        return self._mappable[folder]

    def make(self, size_bytes: int, create: Callable[[Path, int], T]) -> T:
        """`create(folder, size)` in the first place that takes it.

        SpoolFull when none does; SpoolLost when the folders are gone.
        """
        used = used_bytes(self.folders.active)
        total = used if self.folders.same else used + used_bytes(self.folders.disk)
        if total + SEGMENT_FIRST_BYTES > self._policy.max_bytes:
            raise SpoolFull(
                f"the spool is full: this process has {total} bytes that are not sent yet, and "
                f"RUNSTREAM_SPOOL_MAX_BYTES is {self._policy.max_bytes}"
            )
        failure: OSError | None = None
        for folder, size in self._places(size_bytes, used):
            try:
                return create(folder, size)
            except FileNotFoundError as error:
                raise SpoolLost(f"{folder} was removed while in use") from error
            except OSError as error:
                if error.errno not in CANNOT_GROW:
                    raise
                failure = error
        reason = failure.strerror if failure else "no room"
        raise SpoolFull(f"the spool is full: {self.folders.disk}: {reason}") from failure

    def _places(self, size_bytes: int, used: int) -> list[tuple[Path, int]]:
        places: list[tuple[Path, int]] = []
        if not self.folders.same:
            size = self._tmpfs_size(size_bytes, used)
            if size:
                places.append((self.folders.active, size))
            make_private(self.folders.disk)
        places.append((self.folders.disk, size_bytes))
        if size_bytes > SEGMENT_FIRST_BYTES:
            places.append((self.folders.disk, SEGMENT_FIRST_BYTES))
        return places

    def _tmpfs_size(self, wanted: int, used: int) -> int:
        """The largest step of size that tmpfs may give; 0 when none."""
        free = int(free_bytes(self.folders.active) * TMPFS_FREE_SHARE)
        room = min(free, TMPFS_PROCESS_BYTES - used)
        while wanted > room and wanted > SEGMENT_FIRST_BYTES:
            wanted //= SEGMENT_GROWTH
        return wanted if wanted <= room else 0


def check_first_share(folders: ScopeFolders) -> None:
    """SpoolFull when the first segment is more than tmpfs may give."""
    if folders.same:
        return
    if free_bytes(folders.active) * TMPFS_FREE_SHARE < SEGMENT_FIRST_BYTES:
        raise SpoolFull(f"too little is free in {folders.active}")
