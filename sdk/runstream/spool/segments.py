"""The writer's side of points segments: files of cells.

`write(cells)` of either kind puts all of them at the end, or raises ValueError
because they do not fit. On a full disk some of them may be in all the same: a
point that is written twice is one point.
"""

from __future__ import annotations

import errno
import itertools
import mmap
import os
import sys
from collections.abc import Callable
from pathlib import Path
from threading import RLock
from typing import Any

from runstream.spool.errors import CANNOT_GROW, SpoolLost
from runstream.spool.format import (
    CELL_BYTES,
    HEADER_BYTES,
    VOID_CELL,
    Buffer,
    FileKind,
    Header,
    pack_header,
)
from runstream.spool.limits import segment_bytes
from runstream.spool.room import Room

Write = Callable[[Buffer], object]

_temporary_numbers = itertools.count()
_MAP_FLAGS = mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0)
_MAP_OPTIONS: dict[str, Any] = {"trackfd": False} if sys.version_info >= (3, 13) else {}


def gil_enabled() -> bool:
    """False in a free-threaded interpreter that runs without its lock."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


class NewFile:
    """A file under a temporary name, and the name it will get."""

    def __init__(self, folder: Path, name: str, header: Header, flags: int = 0) -> None:
        self.path = folder / name
        self._temporary = folder / f".{name}.{next(_temporary_numbers)}"
        access = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | flags
        self.fd = os.open(self._temporary, access, 0o600)
        self._header = header

    def fill(self, preallocate: bool) -> None:
        """Write the header, reserving the whole size first. The file is gone after an error."""
        try:
            if preallocate:
                os.posix_fallocate(self.fd, 0, self._header.size_bytes)
            header = pack_header(self._header)
            if os.write(self.fd, header) != len(header):
                raise OSError(errno.ENOSPC, "no room for a file's header")
        except OSError:
            os.close(self.fd)
            self.discard()
            raise

    def publish(self) -> None:
        """Rename it; nothing happens when that was done before."""
        try:
            os.rename(self._temporary, self.path)
        except FileNotFoundError:
            if not self.path.exists():
                raise SpoolLost(f"{self.path.parent} was removed while in use") from None

    def discard(self) -> None:
        """Remove it before it got its name."""
        self._temporary.unlink(missing_ok=True)


class MappedSegment:
    """Cells in a mapping whose blocks are reserved: stores cannot fail."""

    def __init__(self, folder: Path, header: Header, lock: RLock) -> None:
        self.number, self.base = header.number, header.base
        self._file = NewFile(folder, segment_name(header.number), header)
        self._file.fill(preallocate=True)
        try:
            self._map = mmap.mmap(self._file.fd, header.size_bytes, _MAP_FLAGS, **_MAP_OPTIONS)
        except (OSError, ValueError):
            self._file.discard()
            raise
        finally:
            os.close(self._file.fd)
        self._map.seek(HEADER_BYTES)
        self.write: Write = self._map.write
        if not gil_enabled():
            self.write = _locked(lock, self._map.write)
        self.publish, self.discard = self._file.publish, self._file.discard

    def written(self) -> int:
        """How many cells it holds."""
        return (self._map.tell() - HEADER_BYTES) // CELL_BYTES

    def seal(self) -> None:
        """Fill the rest with void cells: then no thread can write to it any more."""
        try:
            while True:
                self.write(VOID_CELL)
        except ValueError:
            return


class _Appender:
    """Appends whole cells to an open file. Apart from its segment: no cycle keeps the file open."""

    def __init__(self, fd: int, size_bytes: int, lock: RLock) -> None:
        self.sealed = False
        self._fd = fd
        self._size_bytes = size_bytes
        self._lock = lock
        self._writing = 0
        self._appends = 0

    def cells(self) -> int:
        return (os.lseek(self._fd, 0, os.SEEK_END) - HEADER_BYTES) // CELL_BYTES

    def write(self, cells: Buffer) -> None:
        with self._lock:
            if self._writing:  # a signal handler within a write of its own thread
                self._take_back_parts()
            self._writing += 1
            try:
                while not self._append(cells):
                    pass
            finally:
                self._writing -= 1

    def _append(self, cells: Buffer) -> bool:
        known = self._appends
        end = os.lseek(self._fd, 0, os.SEEK_END) + len(cells)
        if self.sealed or end > self._size_bytes:
            raise ValueError("the segment is full")
        written = None
        try:
            # One step: a handler may have filled the segment, and sealed it.
            if self._appends == known and not self.sealed:
                written = os.write(self._fd, cells)
        except OSError as error:
            if error.errno in CANNOT_GROW:
                raise ValueError("the disk is full") from error
            raise
        if written is None:
            return False
        self._appends += 1
        if written != len(cells):
            # Whole cells stay: a reader may have taken them. Written again by
            # the caller they are the same points.
            self._take_back_parts()
            raise ValueError("the disk is full")
        return True

    def _take_back_parts(self) -> None:
        """Cut off a part of a cell that an interrupted write of this thread left."""
        known = self._appends
        size = os.lseek(self._fd, 0, os.SEEK_END)
        # One step: a handler that appended meanwhile has done it.
        if size % CELL_BYTES and self._appends == known:
            os.ftruncate(self._fd, size - size % CELL_BYTES)

    def __del__(self) -> None:
        os.close(self._fd)


class AppendedSegment:
    """Cells appended by `os.write`, for file systems that a mapping is not safe on.

    A disk that is full shows as a short write or an error. Both look like a
    full segment; a part of a cell is taken back.
    """

    def __init__(self, folder: Path, header: Header, lock: RLock) -> None:
        self.number, self.base = header.number, header.base
        file = NewFile(folder, segment_name(header.number), header, os.O_APPEND)
        file.fill(preallocate=False)
        self._appender = _Appender(file.fd, header.size_bytes, lock)
        self.write: Write = self._appender.write
        self.publish, self.discard = file.publish, file.discard

    def written(self) -> int:
        """How many whole cells it holds."""
        return self._appender.cells()

    def seal(self) -> None:
        """Refuse all later writes."""
        self._appender.sealed = True


Segment = MappedSegment | AppendedSegment


class Segments:
    """Makes the segments of one process."""

    def __init__(self, room: Room, producer_id: bytes, lock: RLock) -> None:
        self._room = room
        self._producer_id = producer_id
        self._lock = lock

    def make(self, number: int, base: int) -> Segment:
        """A segment that is not published yet. SpoolFull when there is no room."""

        def create(folder: Path, size_bytes: int) -> Segment:
            mapped = self._room.mappable(folder)
            kind = FileKind.MAPPED_POINTS if mapped else FileKind.APPENDED_POINTS
            header = Header(kind, number, base, size_bytes, self._producer_id)
            return create_segment(folder, header, self._lock)

        return self._room.make(segment_bytes(number), create)

    def after(self, full: Segment) -> Segment:
        """The one that follows a sealed segment."""
        return self.make(full.number + 1, full.base + full.written())


def create_segment(folder: Path, header: Header, lock: RLock) -> Segment:
    """A new segment of the kind that `header` names. OSError when there is no room."""
    if header.kind is FileKind.MAPPED_POINTS:
        return MappedSegment(folder, header, lock)
    return AppendedSegment(folder, header, lock)


def segment_name(number: int) -> str:
    """The file of segment `number`."""
    return f"points.{number:06d}"


def _locked(lock: Any, write: Write) -> Write:
    def locked_write(cells: Buffer) -> None:
        with lock:
            write(cells)

    return locked_write
