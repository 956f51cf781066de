"""The agent's own files in a scope's folder, and its lock.

agent.lock    flock: held by whoever is, or is starting, the agent
agent.sock    requests (see `framing`)
poke          FIFO: a byte in it ends the agent's current wait
agent.json    who the agent is
agent.log     what it has to say
reserve       room for one journal on a full disk
refused/      what a server refused for good
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sys
from collections.abc import Iterator
from pathlib import Path

LOCK, SOCKET, POKE, RESERVE = "agent.lock", "agent.sock", "poke", "reserve"
IDENTITY, LOG = "agent.json", "agent.log"

# Of sockaddr_un.sun_path, with the final zero: 108 on Linux, 104 on macOS.
_SOCKET_PATH_MAX_BYTES = 100


def open_lock(folder: Path) -> int:
    """A descriptor of the scope's lock file, not locked yet."""
    return os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def try_lock(fd: int) -> bool:
    """Take the lock for the open file behind `fd`; False when another one has it."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def unlock(fd: int) -> None:
    """Give the lock up, for all processes that share the open file."""
    fcntl.flock(fd, fcntl.LOCK_UN)


@contextlib.contextmanager
def socket_path(folder: Path) -> Iterator[str]:
    """A path for bind and connect, short enough however long the folder's name is."""
    path = str(folder / SOCKET)
    if len(os.fsencode(path)) <= _SOCKET_PATH_MAX_BYTES or not sys.platform.startswith("linux"):
        yield path
        return
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{fd}/{SOCKET}"
    finally:
        os.close(fd)


def poke(folder: Path) -> None:
    """Wake the agent of this scope, if there is one. Never blocks, never raises."""
    try:
        fd = os.open(folder / POKE, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:  # no agent reads it
        return
    try:
        os.write(fd, b"\0")
    except OSError:  # full: it is awake
        pass
    finally:
        os.close(fd)


def open_poke(folder: Path) -> int:
    """The agent's end of the FIFO, made when missing."""
    path = folder / POKE
    with contextlib.suppress(FileExistsError):
        os.mkfifo(path, 0o600)
    # Read and write: the FIFO then never ends when a writer closes it.
    return os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)


def keep_reserve(folder: Path, size_bytes: int) -> None:
    """Set room aside for one process's journal, while there is some."""
    path = folder / RESERVE
    if path.exists():
        return
    new = folder / f".{RESERVE}.{os.getpid()}"
    try:
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(fd, 0, size_bytes)
        finally:
            os.close(fd)
        os.rename(new, path)
    except OSError:  # a full disk: later
        with contextlib.suppress(OSError):
            os.unlink(new)
