"""The reader's side of events files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from google.protobuf.message import DecodeError

from runstream.spool.format import (
    FRAME_HEAD_BYTES,
    HEADER_BYTES,
    SEAL_BYTES,
    FileKind,
    FrameState,
    Header,
    frame_at,
    unpack_header,
)
from runstream.v1 import spool_pb2

_READ_BYTES = 256 * 1024


class Frame(NamedTuple):
    """A frame, and the absolute positions before and after it."""

    start: int
    end: int
    frame: spool_pb2.SpoolFrame


class EventsView:
    """One events file as a reader has it."""

    def __init__(self, path: Path, header: Header, fd: int) -> None:
        self.path = path
        self.number, self.base = header.number, header.base
        # Nothing is appended here any more: there is, or will be, a next file.
        self.sealed = False
        self._fd = fd

    @classmethod
    def open(cls, path: Path, producer_id: bytes) -> EventsView | str:
        """The file at `path`, or what is wrong with it. FileNotFoundError when missing."""
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        wrong = ""
        try:
            header = unpack_header(os.pread(fd, HEADER_BYTES, 0))
            number = int(path.name.rpartition(".")[2])
            if header is None or header.kind is not FileKind.EVENTS or header.number != number:
                wrong = f"{path.name}: damaged header; its events are lost"
            elif header.producer_id != producer_id:
                wrong = f"{path.name}: belongs to another process"
            else:
                return cls(path, header, fd)
        except OSError:
            os.close(fd)
            raise
        os.close(fd)
        return wrong

    def size(self) -> int:
        """Bytes after the header."""
        return max(0, os.fstat(self._fd).st_size - HEADER_BYTES)

    def modified_ms(self) -> int:
        """When it was last written to."""
        return os.fstat(self._fd).st_mtime_ns // 1_000_000

    def close(self) -> None:
        """Give up the descriptor."""
        if self._fd >= 0:
            os.close(self._fd)
        self._fd = -1

    def __del__(self) -> None:
        self.close()

    def frames(
        self, start: int, stop: int | None, final: bool, report: Callable[[str], None]
    ) -> Iterator[Frame]:
        """The whole frames from the absolute position `start` on.

        `stop` is where the next file starts, if there is one. In the last file
        the end of a frame may still come, unless `final`: nobody writes. What
        should be a frame and is not is reported and left out.
        """
        closed = final or stop is not None
        limit = self.size() if stop is None else min(self.size(), stop - self.base)
        at = max(start - self.base, 0)
        data, offset = b"", at
        while at < limit:
            found = frame_at(data, at - offset)
            if found.state is FrameState.CUT:
                fresh = self._more(data, offset, at, found.end)
                if not fresh:
                    self._lost(limit - at if stop is not None else 0, at, report)
                    return
                data, offset = fresh, at
                continue
            if found.state is FrameState.SEALED:
                self.sealed = True
            if found.state in (FrameState.SEALED, FrameState.LOST):
                is_seal = self.sealed and stop is None and limit - at == SEAL_BYTES
                self._lost(0 if is_seal else limit - at, at, report)
                return
            end = offset + found.end
            body = data[at - offset + FRAME_HEAD_BYTES : found.end]
            frame = _decode(body) if found.state is FrameState.WHOLE else None
            if frame is not None:
                yield Frame(self.base + at, self.base + end, frame)
            elif not closed and end >= limit:
                return
            else:
                self._lost(end - at, at, report)
            at = end

    def _more(self, data: bytes, offset: int, at: int, end: int) -> bytes:
        """At least the frame at `at`, when it is there by now; else nothing."""
        wanted = max(_READ_BYTES, end - (at - offset) + FRAME_HEAD_BYTES)
        fresh = os.pread(self._fd, wanted, HEADER_BYTES + at)
        return fresh if len(fresh) > len(data) - (at - offset) else b""

    def _lost(self, count: int, at: int, report: Callable[[str], None]) -> None:
        if count:
            report(f"{self.path.name}: {count} bytes at {self.base + at} are damaged, left out")


def _decode(payload: bytes) -> spool_pb2.SpoolFrame | None:
    try:
        return spool_pb2.SpoolFrame.FromString(payload)
    except DecodeError:
        return None
