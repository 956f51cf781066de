"""What kind of file system a folder lies on, and what may be done there."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

# A shared mapping of a preallocated file never fails there. Elsewhere (btrfs,
# overlay, NFS) a store into the mapping can end the process with SIGBUS when
# the disk is full, so cells are appended by `os.write`.
MAPPABLE_TYPES = frozenset({"ext4", "xfs", "tmpfs"})

_MOUNTINFO = Path("/proc/self/mountinfo")
_OCTAL = re.compile(r"\\([0-7]{3})")


def filesystem_type(folder: Path) -> str:
    """The type of the file system under `folder` ("ext4"); "" when it cannot be told."""
    try:
        text = _MOUNTINFO.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return ""
    return type_in_mountinfo(text, os.path.realpath(folder))


def type_in_mountinfo(text: str, path: str) -> str:
    """The type of the mount that holds the absolute `path`.

    The longest mount point wins; of several mounts on one point, the last.
    """
    best, found = -1, ""
    for line in text.splitlines():
        before, separator, after = line.partition(" - ")
        fields = before.split(" ")
        if not separator or len(fields) < 5 or not after:
            continue
        point = _OCTAL.sub(lambda octal: chr(int(octal[1], 8)), fields[4]).rstrip("/")
        if len(point) >= best and (path + "/").startswith(point + "/"):
            best, found = len(point), after.split(" ")[0]
    return found


def is_mappable(folder: Path) -> bool:
    """Whether files of `folder` may be written through a shared mapping."""
    return (
        sys.platform.startswith("linux")
        and hasattr(os, "posix_fallocate")
        and filesystem_type(folder) in MAPPABLE_TYPES
    )


def free_bytes(folder: Path) -> int:
    """What an ordinary user may still write there."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize


def used_bytes(folder: Path) -> int:
    """The sizes of the files in `folder`, without its sub-folders; 0 when it does not exist."""
    total = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                total += _size(entry)
    except FileNotFoundError:
        return 0
    return total


def _size(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_size if entry.is_file() else 0
    except FileNotFoundError:  # the agent has taken it meanwhile
        return 0
