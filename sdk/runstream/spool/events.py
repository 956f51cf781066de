"""The writer's side of events files: everything but points, in frames.

Appended by one `os.write` per frame. A frame that did not fit on a full disk
is taken back, and the next file is made elsewhere.
"""

from __future__ import annotations

import os
from pathlib import Path

from runstream.spool.errors import CANNOT_GROW, SpoolLost
from runstream.spool.format import (
    HEADER_BYTES,
    SEAL_BYTES,
    Buffer,
    FileKind,
    Header,
    whole_frames_end,
)
from runstream.spool.limits import EVENTS_FILE_BYTES
from runstream.spool.room import Room
from runstream.spool.segments import NewFile


class EventsFile:
    """One file of the chain. All calls with the spool's lock held."""

    def __init__(self, fd: int, header: Header, new: NewFile) -> None:
        self.number, self.base = header.number, header.base
        self.fd = fd
        self.sealed = False
        # Where the last whole frame ends, as far as it is known.
        self.end = HEADER_BYTES
        self._size_bytes = header.size_bytes
        self._new = new

    @classmethod
    def create(cls, folder: Path, header: Header) -> EventsFile:
        """A new file that is not published yet. OSError when there is no room."""
        new = NewFile(folder, events_name(header.number), header, os.O_APPEND)
        new.fill(preallocate=False)
        return cls(new.fd, header, new)

    @property
    def end_position(self) -> int:
        """The absolute position after the last frame."""
        return self.base + self.end - HEADER_BYTES

    def has_room(self, frame_bytes: int) -> bool:
        """Whether a frame goes in here (an empty file takes one of any size)."""
        empty = self.end == HEADER_BYTES
        return not self.sealed and (empty or self.end + frame_bytes <= self._size_bytes)

    def repair(self) -> None:
        """Find the end by reading what follows the known one; cut off what is not whole.

        SpoolLost when the file was deleted.
        """
        if self.sealed:
            return
        known = self.end
        status = os.fstat(self.fd)
        if not status.st_nlink:
            raise SpoolLost("the files of this spool were removed while in use")
        size = status.st_size
        if size == known:
            return
        tail = os.pread(self.fd, size - known, known)
        end = known + whole_frames_end(tail)
        # One step: a signal handler that appended meanwhile has repaired it.
        if end < size and self.end == known:
            os.ftruncate(self.fd, end)
        self.end = end

    def finish(self, written: int, frame: Buffer) -> bool:
        """After `os.write` of `frame` said `written`: whether all of it is in the file."""
        if written != len(frame):
            self.repair()
            return False
        self.end = os.lseek(self.fd, 0, os.SEEK_END)
        return True

    def seal(self) -> None:
        """No frame goes in here any more, and readers see that."""
        if not self.sealed:
            self.repair()
            self.sealed = True
            try:
                os.ftruncate(self.fd, self.end + SEAL_BYTES)
            except OSError as error:  # a limit on sizes: found when the process is gone
                nothing_written(error)

    def publish(self) -> None:
        """Give it its name."""
        self._new.publish()

    def discard(self) -> None:
        """Remove it before it got its name."""
        self._new.discard()

    def __del__(self) -> None:
        os.close(self.fd)


class EventsFiles:
    """Makes the events files of one process."""

    def __init__(self, room: Room, producer_id: bytes) -> None:
        self._room = room
        self._producer_id = producer_id

    def make(self, number: int, base: int) -> EventsFile:
        """A file that is not published yet. SpoolFull when there is no room."""

        def create(folder: Path, size_bytes: int) -> EventsFile:
            header = Header(FileKind.EVENTS, number, base, size_bytes, self._producer_id)
            return EventsFile.create(folder, header)

        return self._room.make(EVENTS_FILE_BYTES, create)

    def after(self, full: EventsFile) -> EventsFile:
        """The one that follows a sealed file."""
        return self.make(full.number + 1, full.end_position)


def events_name(number: int) -> str:
    """The file of events `number`."""
    return f"events.{number:06d}"


def nothing_written(error: OSError) -> int:
    """0 when `error` says that there is no room; else it is raised."""
    if error.errno in CANNOT_GROW:
        return 0
    raise error


def write_frame(file: EventsFile, frame: Buffer) -> bool:
    """Append `frame`; False when the disk is full (then nothing of it is in the file)."""
    try:
        written = os.write(file.fd, frame)
    except OSError as error:
        written = nothing_written(error)
    return file.finish(written, frame)
