"""Copies of artifacts in the spool: the bytes at the time of the call.

A reflink where the file system has it (nothing is copied, and later writes to
the original do not show), else a copy; never a hard link. With a SHA-256.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import sys
from pathlib import Path
from typing import NamedTuple

# _IOW(0x94, 9, int) of linux/fs.h.
_FICLONE = 0x40049409
_CHUNK_BYTES = 1024 * 1024


class Blob(NamedTuple):
    """A file in the blobs folder."""

    name: str
    size_bytes: int
    sha256: bytes


def store_bytes(content: bytes, folder: Path, name: str) -> Blob:
    """Bytes as a blob. OSError when there is no room; then nothing is left."""
    fd = _create(folder, name)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(fd, view) :]
    except OSError:
        os.unlink(folder / name)
        raise
    finally:
        os.close(fd)
    return Blob(name, len(content), hashlib.sha256(content).digest())


def store_file(source: Path, folder: Path, name: str) -> Blob:
    """A file as a blob. OSError when there is no room; then nothing is left."""
    with open(source, "rb", buffering=0) as original:
        fd = _create(folder, name)
        try:
            if _reflink(original.fileno(), fd):
                size, digest = digest_of(folder / name)
            else:
                size, digest = _copy(original.fileno(), fd)
        except OSError:
            os.unlink(folder / name)
            raise
        finally:
            os.close(fd)
    return Blob(name, size, digest)


def digest_of(path: Path) -> tuple[int, bytes]:
    """Size and SHA-256 of a file."""
    with open(path, "rb", buffering=0) as file:
        return _copy(file.fileno(), None)


def waiting_bytes(folder: Path) -> int:
    """Size of all that lies in a blobs folder."""
    try:
        with os.scandir(folder) as entries:
            return sum(entry.stat().st_size for entry in entries)
    except FileNotFoundError:  # none yet, or gone between two looks
        return 0


def _create(folder: Path, name: str) -> int:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
    return os.open(folder / name, flags, 0o600)


def _reflink(source: int, target: int) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    try:
        fcntl.ioctl(target, _FICLONE, source)
    except OSError:  # another file system, or one without reflinks
        return False
    return True


def _copy(source: int, target: int | None) -> tuple[int, bytes]:
    digest, size = hashlib.sha256(), 0
    while chunk := os.read(source, _CHUNK_BYTES):
        digest.update(chunk)
        size += len(chunk)
        view = memoryview(chunk)
        while target is not None and view:
            view = view[os.write(target, view) :]
    return size, digest.digest()
