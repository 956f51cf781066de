"""The journal's file: records that are there after a kill, or not at all.

A record is u32 length, u32 CRC-32 of the payload, payload. The file is
allocated ahead, so that writing to it needs no room on a full disk, and zeros
follow the last record. One process writes it: the one that holds the agent's
lock. Nothing is flushed to the medium: the journal has to survive the agent,
not the machine (after a reboot a new producer starts).
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

from runstream.agent.limits import JOURNAL_BYTES

_HEAD = struct.Struct("<II")


def pack(payloads: Iterable[bytes]) -> bytes:
    """Records laid end to end."""
    return b"".join(_HEAD.pack(len(payload), zlib.crc32(payload)) + payload for payload in payloads)


def unpack(data: bytes) -> tuple[list[bytes], int]:
    """The whole records that `data` starts with, and where they end."""
    records, position = [], 0
    while position + _HEAD.size <= len(data):
        length, checksum = _HEAD.unpack_from(data, position)
        body = position + _HEAD.size
        payload = data[body : body + length]
        if not length or len(payload) < length or zlib.crc32(payload) != checksum:
            break
        records.append(payload)
        position = body + length
    return records, position


class JournalFile:
    """An open journal. Raises OSError when there is no room; nothing is then written."""

    def __init__(self, path: Path, reserve: Path | None = None) -> None:
        self.path = path
        self._fd = _open(path, reserve)
        data = _read(self._fd)
        self.records, self.size_bytes = unpack(data)
        if data[self.size_bytes :].strip(b"\0"):  # the torn rest of a killed agent
            os.pwrite(self._fd, bytes(len(data) - self.size_bytes), self.size_bytes)
        self._compacted_bytes = 0

    def append(self, payloads: Iterable[bytes]) -> None:
        """Write records; they are there when this returns."""
        data = pack(payloads)
        written = 0
        try:
            while written < len(data):
                written += os.pwrite(self._fd, data[written:], self.size_bytes + written)
        except OSError:
            if written:
                os.pwrite(self._fd, bytes(written), self.size_bytes)
            raise
        self.size_bytes += len(data)

    @property
    def long(self) -> bool:
        """Whether a checkpoint would be worth its writing."""
        return self.size_bytes > max(JOURNAL_BYTES // 2, 2 * self._compacted_bytes)

    def rewrite(self, payloads: Iterable[bytes]) -> None:
        """Replace all records by these, in one step."""
        data = pack(payloads)
        fd = write_whole(self.path, data, allocate_bytes=max(JOURNAL_BYTES, 4 * len(data)))
        os.close(self._fd)
        self._fd = fd
        self.size_bytes = self._compacted_bytes = len(data)

    def close(self) -> None:
        """Close the file; it stays."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def write_whole(path: Path, data: bytes, allocate_bytes: int = 0) -> int:
    """Put a file with `data` in the place of `path`; the open descriptor."""
    new = path.with_name(path.name + ".new")
    fd = os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        _allocate(fd, max(allocate_bytes, len(data)))
        view = memoryview(data)
        while view:
            written = os.pwrite(fd, view, len(data) - len(view))
            view = view[written:]
        os.rename(new, path)
    except OSError:
        os.close(fd)
        new.unlink(missing_ok=True)
        raise
    return fd


def _open(path: Path, reserve: Path | None) -> int:
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        pass
    try:
        return write_whole(path, b"", allocate_bytes=JOURNAL_BYTES)
    except OSError:
        # The disk is full: room that the agent has kept for this becomes the journal.
        if reserve is None or not reserve.exists():
            raise
        os.rename(reserve, path)
        return os.open(path, flags)


def _allocate(fd: int, size_bytes: int) -> None:
    if not size_bytes:
        return
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(fd, 0, size_bytes)
    else:  # macOS
        os.ftruncate(fd, size_bytes)


def _read(fd: int) -> bytes:
    size = os.fstat(fd).st_size
    parts, position = [], 0
    while position < size:
        part = os.pread(fd, size - position, position)
        if not part:
            break
        parts.append(part)
        position += len(part)
    return b"".join(parts)
