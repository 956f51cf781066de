"""Copying a spool from tmpfs to disk: what cannot be sent soon has to survive a reboot.

A copy has the name and the first bytes of its original and only ever grows, so
it can be continued after a crash. Once it is whole the original is deleted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from runstream.spool.cells import SegmentView
from runstream.spool.chain import Chain
from runstream.spool.folders import ScopeFolders, make_private
from runstream.spool.format import CELL_BYTES, HEADER_BYTES, whole_frames_end
from runstream.spool.frames import EventsView
from runstream.spool.meta import META_NAME, MIRROR, MetaFile

Sync = Callable[[int], None]


class Mirror:
    """The copies of one process's files. OSError when the disk has no room."""

    def __init__(self, folders: ScopeFolders, sync: bool) -> None:
        self._folders = folders
        self._sync: Sync | None = getattr(os, "fdatasync", os.fsync) if sync else None

    def copy_meta(self) -> MetaFile:
        """Make the copy of the meta file when there is none, and open it."""
        make_private(self._folders.disk.parent)
        make_private(self._folders.disk)
        target = self._folders.disk / META_NAME
        if not target.exists():
            temporary = self._folders.disk / f".{META_NAME}.{os.getpid()}"
            page = bytearray((self._folders.active / META_NAME).read_bytes())
            page[MIRROR * 8] = 1
            temporary.write_bytes(page)
            temporary.chmod(0o600)
            os.rename(temporary, target)
        return MetaFile(target)

    def copy_events(self, events: Chain[EventsView]) -> int:
        """Bring the copies of all events files up to date; returns the bytes written."""
        copied = 0
        for view, following in events.with_next():
            if view.path.parent != self._folders.active:
                continue
            stop = following.base - view.base if following is not None else None
            copied += self._copy_frames(view.path, stop)
            if following is not None:
                self._drop_original(view.path)
                events.moved(view.number)
        return copied

    def copy_points(
        self,
        points: Chain[SegmentView],
        extents: Iterable[tuple[SegmentView, int]],
        valid: int,
        accepted: int,
    ) -> int:
        """The same for points: cells below `valid`, in files not `accepted` as a whole."""
        copied = 0
        for view, extent in extents:
            end = min(extent, valid)
            if view.path.parent != self._folders.active or end <= accepted:
                continue
            copied += self._copy_cells(view.path.name, view.raw(0, end - view.base))
            if view.number < points.numbers[-1]:
                self._drop_original(view.path)
                points.moved(view.number)
        return copied

    def _copy_cells(self, name: str, cells: memoryview) -> int:
        fd, have = self._open(name, CELL_BYTES)
        try:
            return self._append(fd, cells[have:])
        finally:
            os.close(fd)

    def _copy_frames(self, path: Path, stop: int | None) -> int:
        fd, have = self._open(path.name, 1)
        try:
            with open(path, "rb", buffering=0) as source:
                source.seek(HEADER_BYTES + have)
                data = source.read() if stop is None else source.read(max(stop - have, 0))
            end = whole_frames_end(data) if stop is None else len(data)
            return self._append(fd, memoryview(data)[:end])
        finally:
            os.close(fd)

    def _drop_original(self, path: Path) -> None:
        path.unlink(missing_ok=True)

    def _open(self, name: str, unit_bytes: int) -> tuple[int, int]:
        """The copy and how much it holds after the header; parts of a unit are cut off."""
        target = self._folders.disk / name
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        fd = os.open(target, flags, 0o600)
        try:
            size = os.fstat(fd).st_size
            if size < HEADER_BYTES:
                os.ftruncate(fd, 0)
                with open(self._folders.active / name, "rb", buffering=0) as source:
                    self._append(fd, memoryview(source.read(HEADER_BYTES)))
                return fd, 0
            have = size - HEADER_BYTES
            os.ftruncate(fd, size - have % unit_bytes)
        except OSError:
            os.close(fd)
            raise
        return fd, have - have % unit_bytes

    def _append(self, fd: int, data: memoryview) -> int:
        left = data
        while left:
            left = left[os.write(fd, left) :]
        if data and self._sync is not None:
            self._sync(fd)
        return len(data)
