"""The meta file of a process: who writes this spool, is it alive, what is accepted.

The writer holds an fcntl record lock on the file for as long as it lives: the
kernel drops it at any kind of death, and a fork does not have it. The lock
belongs to the pair (process, file): closing *any* descriptor of the file gives
it up. So one process opens it once, and never closes it while it holds it.
"""

from __future__ import annotations

import fcntl
import json
import mmap
import os
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from runstream.spool.filesystem import is_mappable
from runstream.spool.format import FORMAT

META_NAME = "meta"
META_BYTES = 4096

_FIXED = struct.Struct("<8sI4x16sQQ40s16sI")
_MAGIC = b"RUNSMETA"
_CHECKSUM_AT = _FIXED.size
_WORDS_AT = 1024
_IDENTITY_AT = 2048
_IDENTITY_MAX_BYTES = META_BYTES - _IDENTITY_AT

ACCEPTED_CELLS = _WORDS_AT // 8
ACCEPTED_EVENT_BYTES = ACCEPTED_CELLS + 1
REFUSED_COUNT = ACCEPTED_CELLS + 2
ARTIFACTS_ACCEPTED = ACCEPTED_CELLS + 3
WORDS = (ACCEPTED_CELLS, ACCEPTED_EVENT_BYTES, REFUSED_COUNT, ARTIFACTS_ACCEPTED)
# 1 in a copy on disk of a spool that lies on tmpfs.
MIRROR = ACCEPTED_CELLS + 4

# Locks that this process holds: (device, inode) → (process id, descriptor).
_held: dict[tuple[int, int], tuple[int, int]] = {}


@dataclass(frozen=True)
class Meta:
    """What the writer said about itself; never changes."""

    producer_id: bytes
    pid: int
    started_ms: int
    boot_id: str
    scope: str
    # Free text: host, interpreter, client version …
    identity: Mapping[str, str] = field(default_factory=dict)

    def pack(self) -> bytes:
        """META_BYTES bytes, all words 0. ValueError when the identity is too long."""
        identity = json.dumps(dict(self.identity)).encode()
        if len(identity) > _IDENTITY_MAX_BYTES:
            raise ValueError(f"the identity takes {len(identity)} of {_IDENTITY_MAX_BYTES} bytes")
        fixed = _FIXED.pack(
            _MAGIC,
            FORMAT,
            self.producer_id,
            self.pid,
            self.started_ms,
            self.boot_id.encode()[:40],
            self.scope.encode()[:16],
            len(identity),
        )
        page = bytearray(META_BYTES)
        page[: _FIXED.size] = fixed
        struct.pack_into("<I", page, _CHECKSUM_AT, zlib.crc32(fixed + identity))
        page[_IDENTITY_AT : _IDENTITY_AT + len(identity)] = identity
        return bytes(page)


def unpack_meta(page: bytes) -> Meta | None:
    """What `page` says; None when it is damaged."""
    if len(page) != META_BYTES:
        return None
    fixed = page[: _FIXED.size]
    magic, version, producer_id, pid, started_ms, boot, scope, length = _FIXED.unpack(fixed)
    identity = page[_IDENTITY_AT : _IDENTITY_AT + length]
    (checksum,) = struct.unpack_from("<I", page, _CHECKSUM_AT)
    if magic != _MAGIC or version != FORMAT or checksum != zlib.crc32(fixed + identity):
        return None
    return Meta(
        producer_id=producer_id,
        pid=pid,
        started_ms=started_ms,
        boot_id=_text(boot),
        scope=_text(scope),
        identity=json.loads(identity),
    )


def _text(padded: bytes) -> str:
    return padded.rstrip(b"\0").decode("utf-8", "replace")


def create_meta(path: Path, meta: Meta) -> int:
    """Write the file and take its lock, which this process keeps until it ends.

    Returns the descriptor. OSError when it cannot be written or locked.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(fd, 0, META_BYTES)
        os.pwrite(fd, meta.pack(), 0)
        fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(fd)
        raise
    status = os.fstat(fd)
    _held[status.st_dev, status.st_ino] = (os.getpid(), fd)
    return fd


def release_meta(fd: int) -> None:
    """Give up a lock that `create_meta` took; -1 is none."""
    if fd < 0:
        return
    status = os.fstat(fd)
    _held.pop((status.st_dev, status.st_ino), None)
    os.close(fd)


def _held_by_us(path: Path) -> int | None:
    """The descriptor with which this process holds the lock of `path`."""
    status = os.stat(path)
    pid, fd = _held.get((status.st_dev, status.st_ino), (0, -1))
    return fd if pid == os.getpid() else None


class MetaFile:
    """A meta file as a reader has it. Not for use by several threads at once."""

    def __init__(self, path: Path) -> None:
        """Open it. FileNotFoundError when there is none, ValueError when it is damaged."""
        self._fd = -1
        ours = _held_by_us(path)
        self._shared = ours is not None
        self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC) if ours is None else ours
        self._adopted = False
        meta = unpack_meta(os.pread(self._fd, META_BYTES, 0))
        if meta is None:
            self.close()
            raise ValueError(f"{path} is damaged")
        self.meta: Meta = meta
        # Mapped only where a store cannot fail, and never while this process
        # is the writer: the mapping's own descriptor would take the lock along.
        self._words: memoryview | None = None
        if not self._shared and is_mappable(path.parent):
            self._words = memoryview(mmap.mmap(self._fd, META_BYTES)).cast("Q")

    def writer_alive(self) -> bool:
        """Whether another process holds the lock, or this one as the writer."""
        if self._shared:
            return True
        if self._adopted:
            return False
        if not self._lock():
            return True
        fcntl.lockf(self._fd, fcntl.LOCK_UN)
        return False

    def adopt(self) -> bool:
        """Take and keep the lock; False when somebody else has it."""
        if self._shared:
            return False
        self._adopted = self._adopted or self._lock()
        return self._adopted

    @property
    def adopted(self) -> bool:
        """Whether `adopt` has succeeded."""
        return self._adopted

    def _lock(self) -> bool:
        try:
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def word(self, index: int) -> int:
        """The shared word at `index` (of 8 bytes)."""
        if self._words is not None:
            return self._words[index]
        return int.from_bytes(os.pread(self._fd, 8, index * 8), "little")

    def store_word(self, index: int, value: int) -> None:
        """Set a shared word, so that a kill at any moment leaves the old or the new value."""
        if self._words is not None:
            self._words[index] = value
        else:
            os.pwrite(self._fd, value.to_bytes(8, "little"), index * 8)

    def close(self) -> None:
        """Give up the descriptor, and with it an adopted lock."""
        self._words = None
        if self._fd >= 0 and not self._shared:
            os.close(self._fd)
        self._fd = -1

    def __del__(self) -> None:
        self.close()
