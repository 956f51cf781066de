"""Where the spools of this user lie, and which of them share an agent.

A *scope* is a set of processes that one agent can serve: it sees the same
files, sockets and locks, and lives as long as they do.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import sys
import time
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from runstream.spool.errors import SpoolUnusable
from runstream.spool.filesystem import filesystem_type
from runstream.spool.format import FORMAT

PROCESS_PREFIX = "p-"
# A spool that is being made, or deleted.
NEW_PREFIX = ".new-"
GONE_PREFIX = ".old-"
# Making a spool takes milliseconds: one this old was left by a kill.
_NEW_MAX_AGE_SECONDS = 600
_TMPFS_ROOT = Path("/dev/shm")
_DISK_ROOT = Path("/var/tmp")
_BATCH_JOB_VARIABLES = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID")


class ScopeFolders(NamedTuple):
    """The two folders of a scope; they may be one and the same."""

    # Fast: tmpfs. What lies here alone is lost with the machine's memory.
    active: Path
    # Survives a reboot.
    disk: Path

    def process(self, name: str) -> ScopeFolders:
        """The folders of one process."""
        return ScopeFolders(self.active / name, self.disk / name)

    @property
    def same(self) -> bool:
        """Whether there is only one."""
        return self.active == self.disk


@dataclass(frozen=True)
class Scope:
    """What the processes of one agent have in common."""

    uid: int
    boot_id: str
    pid_namespace: str
    net_namespace: str
    mnt_namespace: str
    batch_job: str
    spool_format: int = FORMAT

    @classmethod
    def current(cls, environ: Mapping[str, str] = os.environ) -> Scope:
        """The scope of this process."""
        return cls(
            uid=os.getuid(),
            boot_id=boot_id(),
            pid_namespace=_namespace("pid"),
            net_namespace=_namespace("net"),
            mnt_namespace=_namespace("mnt"),
            batch_job=batch_job(environ),
        )

    @property
    def name(self) -> str:
        """16 hexadecimal characters: the name of the scope's folders."""
        text = "\0".join(str(value) for value in astuple(self))
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def scope_folders(
    environ: Mapping[str, str] = os.environ, scope: Scope | None = None
) -> ScopeFolders:
    """The folders of this process's scope, made when missing.

    Raises SpoolUnusable when no folder can be made that only this user can use.
    """
    name = (scope or Scope.current(environ)).name
    given = environ.get("RUNSTREAM_SPOOL_DIR")
    if given:
        folder = _private(Path(os.path.abspath(given)), name, make_root=True)
        return ScopeFolders(folder, folder)
    disk = _disk_folder(name)
    if filesystem_type(_TMPFS_ROOT) != "tmpfs":
        return ScopeFolders(disk, disk)
    try:
        return ScopeFolders(_private(_TMPFS_ROOT, name), disk)
    except SpoolUnusable:  # not writable, or taken by somebody: the disk does
        return ScopeFolders(disk, disk)


def sibling_scopes(folders: ScopeFolders) -> list[ScopeFolders]:
    """The folders of this user's other scopes (earlier boots, other containers and jobs)."""
    names: set[str] = set()
    for root in {folders.active.parent, folders.disk.parent}:
        names.update(entry.name for entry in root.iterdir() if entry.is_dir())
    names.discard(folders.disk.name)
    return [
        ScopeFolders(folders.active.parent / name, folders.disk.parent / name)
        for name in sorted(names)
    ]


def process_names(folders: ScopeFolders) -> list[str]:
    """The sub-folders of all processes of a scope, in either of its folders."""
    names: set[str] = set()
    for folder in {folders.active, folders.disk}:
        try:
            entries = os.listdir(folder)
        except FileNotFoundError:
            continue
        names.update(entry for entry in entries if entry.startswith(PROCESS_PREFIX))
    return sorted(names)


def sweep(folder: Path) -> None:
    """Delete what kills have left in a scope's folder: spools half made or half deleted."""
    for entry in os.scandir(folder):
        if entry.name.startswith(GONE_PREFIX) or (
            entry.name.startswith(NEW_PREFIX)
            and time.time() - entry.stat(follow_symlinks=False).st_mtime > _NEW_MAX_AGE_SECONDS
        ):
            shutil.rmtree(entry.path, ignore_errors=True)


def _disk_folder(name: str) -> Path:
    """Below /var/tmp, or where temporary files go when that is missing or read-only."""
    import tempfile  # takes longer to import than all of this module

    roots = [Path(tempfile.gettempdir())]
    if not sys.platform.startswith("darwin"):
        roots.insert(0, _DISK_ROOT)
    failure: SpoolUnusable | None = None
    for root in roots:
        try:
            return _private(root, name)
        except SpoolUnusable as error:
            failure = failure or error
    raise failure or SpoolUnusable("there is no folder for temporary files")


def _private(root: Path, name: str, make_root: bool = False) -> Path:
    """root/runstream-UID/name, both made 0700 and checked."""
    top = root / f"runstream-{os.getuid()}"
    try:
        if make_root:
            root.mkdir(parents=True, exist_ok=True)
        for folder in (top, top / name):
            make_private(folder)
    except OSError as error:
        raise SpoolUnusable(
            f"cannot make the folder {top / name} for the spool: {error.strerror}; "
            "set RUNSTREAM_SPOOL_DIR to a folder that you can write to"
        ) from error
    return top / name


def make_private(folder: Path) -> None:
    """Make `folder` when missing; check that it is a real folder that only we can use."""
    with contextlib.suppress(FileExistsError):
        os.mkdir(folder, 0o700)
    status = os.lstat(folder)
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise SpoolUnusable(
            f"{folder} is not a folder of user {os.getuid()}, so nothing is spooled there; "
            "remove it, or set RUNSTREAM_SPOOL_DIR to a folder of yours"
        )
    if stat.S_IMODE(status.st_mode) != 0o700:  # a permissive or strange umask
        os.chmod(folder, 0o700)


def batch_job(environ: Mapping[str, str] = os.environ) -> str:
    """The job whose end also ends the agent; "" outside batch systems."""
    for variable in _BATCH_JOB_VARIABLES:
        if environ.get(variable):
            return f"{variable}={environ[variable]}"
    if environ.get("KUBERNETES_SERVICE_HOST"):
        return f"pod={os.uname().nodename}"
    return ""


@cache
def boot_id() -> str:
    """Differs between two boots of the machine."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return _boot_session() or "unknown"


def _boot_session() -> str:
    """macOS' name of the current boot; "" elsewhere."""
    import ctypes  # only here

    try:
        sysctl = ctypes.CDLL(None).sysctlbyname
    except (AttributeError, OSError):
        return ""
    size = ctypes.c_size_t(64)
    value = ctypes.create_string_buffer(size.value)
    failed = sysctl(b"kern.bootsessionuuid", value, ctypes.byref(size), None, ctypes.c_size_t(0))
    return "" if failed else value.value.decode("ascii", "replace")


def _namespace(kind: str) -> str:
    try:
        return os.readlink(f"/proc/self/ns/{kind}")
    except OSError:
        return ""
