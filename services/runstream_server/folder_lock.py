"""One process per folder, and how one gives way to another.

The lock is an fcntl record lock: it dies with its process, is not inherited by
children, and the kernel says who holds it. The file holds the same as text,
for what the kernel does not know: who started the process.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import struct
import sys
import time
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from runstream_server.folder import DataFolder, FolderError, FolderServedError

StartedBy = Literal["agent", "person"]

# Leaving means: finish the calls in hand, write the tables. Longer than any of
# it takes.
_GIVE_WAY_SECONDS = 90.0
_PAUSE_SECONDS = 0.02
_TEXT_BYTES = 4096

# struct flock: on Linux type and whence stand before the range, on macOS after.
_LINUX = struct.Struct("hhqqi4x")
_MACOS = struct.Struct("qqihh")


class Holder(NamedTuple):
    """Who has the folder. pid 0: a process of another container."""

    pid: int
    started_by: str


class FolderLock:
    """The lock of one folder, held or not. One per process and folder."""

    def __init__(
        self,
        folder: DataFolder,
        started_by: StartedBy,
        pause: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._started_by = started_by
        self._pause = pause
        self._now = now
        # Opened once: closing any descriptor of the file would drop the lock.
        self._file = os.open(folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def refuse_if_served(self) -> None:
        """Raises FolderServedError when a process has the folder that will stay."""
        holder = self._holder()
        if holder is not None and self._stays(holder):
            raise self._served(holder)

    def take(self) -> None:
        """Has the lock when it returns; a process that gives way is asked to.

        Raises FolderServedError when another one stays, FolderError when one
        does not leave in time.
        """
        deadline = self._now() + _GIVE_WAY_SECONDS
        asked = 0
        while not self._try():
            holder = self._holder()
            if holder is None:
                continue
            if self._stays(holder):
                raise self._served(holder)
            if self._started_by == "person" and holder.pid not in (0, asked):
                asked = holder.pid
                _ask_to_leave(holder.pid)
            if self._now() > deadline:
                raise FolderError(
                    f"{self._folder.path} is held by process {holder.pid}, which was asked to "
                    f"leave and has not for {_GIVE_WAY_SECONDS:.0f} s. Look at it, or end it."
                )
            self._pause(_PAUSE_SECONDS)
        self._write({"pid": os.getpid(), "started_by": self._started_by})

    def close(self) -> None:
        """Gives the folder to whoever wants it. May be called twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _stays(self, holder: Holder) -> bool:
        if self._started_by == "person":
            return holder.started_by == "person" or holder.pid == 0
        # Whoever has it and answers is as good as we are. One that does not
        # answer is starting or leaving: wait for what it becomes.
        return self._folder.announcement() is not None

    def _served(self, holder: Holder) -> FolderServedError:
        said = self._folder.announcement() or {}
        at = f" at {said['http_address']}" if "http_address" in said else ""
        who = f"process {holder.pid}" if holder.pid else "a process in another container"
        return FolderServedError(
            f"{self._folder.path} is served already, by {who}{at}. "
            "Use that server, or stop it first, or serve another folder."
        )

    def _try(self) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def _holder(self) -> Holder | None:
        pid = _lock_owner(self._file)
        if pid is None:
            return None
        said = self._read()
        started_by = str(said.get("started_by", "")) if said.get("pid") == pid or not pid else ""
        return Holder(pid, started_by)

    def _read(self) -> dict[str, Any]:
        try:
            said = json.loads(os.pread(self._file, _TEXT_BYTES, 0))
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}

    def _write(self, said: dict[str, Any]) -> None:
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, json.dumps(said).encode(), 0)


def _lock_owner(file: int) -> int | None:
    """The pid of who holds the lock; 0: not of this pid namespace; None: nobody."""
    if sys.platform == "darwin":
        asked = _MACOS.pack(0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET)
        _, _, pid, kind, _ = _MACOS.unpack(fcntl.fcntl(file, fcntl.F_GETLK, asked))
    else:
        asked = _LINUX.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, _, _, _, pid = _LINUX.unpack(fcntl.fcntl(file, fcntl.F_GETLK, asked))
    return None if kind == fcntl.F_UNLCK else int(pid)


def _ask_to_leave(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        # It has just left by itself.
        return
    except PermissionError as error:
        raise FolderError(
            f"The folder is held by process {pid} of another user, which cannot be asked to leave."
        ) from error
