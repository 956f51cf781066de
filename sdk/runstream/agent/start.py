"""Make sure that an agent lives: the trainer's part. Imports neither gRPC nor protobuf.

Whoever gets the scope's lock starts the agent and hands the locked descriptor
to it, so there is one, however many processes start together, and the lock is
free exactly when no agent lives.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from runstream.agent import places
from runstream.agent.environment import (
    PYTHON_VARIABLE,
    agent_environment,
    import_path,
    interpreter,
    is_agent,
)
from runstream.agent.limits import JOURNAL_BYTES
from runstream.spool.folders import ScopeFolders

_log = logging.getLogger("runstream.agent")
_PACKAGE_ROOT = str(Path(__file__).resolve().parents[2])
_GUARD = Path(__file__).with_name("guard.py")

# -I -S: sys.path is the standard library alone. What a user's folder holds
# (queue.py) comes behind it.
_ISOLATED = ("-I", "-S")
_WORKER = """
import json, sys
given = json.loads(sys.argv[1])
sys.path += [entry for entry in given["path"] if entry not in sys.path]
try:
    from runstream.agent.worker import main
except BaseException:
    import traceback
    with open(given["disk"] + "/agent.log", "a") as log:
        traceback.print_exc(file=log)
    raise
main(given)
"""

# Locked and not yet handed over; a fork in between must not keep it.
_electing: set[int] = set()
_warned = False


def _forget_in_child() -> None:
    for fd in list(_electing):
        os.close(fd)
    _electing.clear()


os.register_at_fork(after_in_child=_forget_in_child)


def ensure_agent(folders: ScopeFolders, environ: Mapping[str, str] = os.environ) -> bool:
    """Start the scope's agent when none lives; returns at once.

    Call it after the process's own files are there: an agent that is about to
    leave looks once more after it gave up the lock. False when no agent can be
    started here: what is spooled waits (one warning is given).
    """
    if is_agent(environ):
        return True
    try:
        fd = places.open_lock(folders.disk)
    except OSError as error:
        return _warn(f"the agent's lock cannot be opened: {error}")
    try:
        _electing.add(fd)
        if not places.try_lock(fd):
            return True
        return _start(folders, fd, environ)
    except (OSError, RuntimeError, subprocess.SubprocessError) as error:
        # RuntimeError: the interpreter is too far down to fork.
        return _warn(f"the agent cannot be started: {error}")
    finally:
        _electing.discard(fd)
        os.close(fd)


def agent_lives(folders: ScopeFolders) -> bool:
    """Whether somebody holds the scope's lock. Starts nothing, needs no fork."""
    try:
        fd = places.open_lock(folders.disk)
    except OSError:
        return False
    try:
        if not places.try_lock(fd):
            return True
        places.unlock(fd)
        return False
    finally:
        os.close(fd)


def poke(folders: ScopeFolders) -> None:
    """Have the agent look now, not at its next poll. Never blocks, never raises."""
    places.poke(folders.disk)


def _start(folders: ScopeFolders, lock_fd: int, environ: Mapping[str, str]) -> bool:
    python = interpreter(environ)
    if python is None or not _GUARD.is_file():
        return _warn(
            f"this Python cannot run the agent; what is logged stays in {folders.disk} until "
            f"another Runstream process or `runstream agent drain` sends it; "
            f"{PYTHON_VARIABLE} names an interpreter that can"
        )
    worker = [python, *_ISOLATED, "-c", _WORKER, json.dumps(_given(folders, lock_fd))]
    guard = [python, *_ISOLATED, str(_GUARD), str(lock_fd), *worker]
    places.keep_reserve(folders.active, JOURNAL_BYTES)
    process = subprocess.Popen(
        guard,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        close_fds=True,
        pass_fds=(lock_fd,),
        start_new_session=True,
        cwd="/",
        env=agent_environment(environ),
    )
    process.wait()  # the guard forks once more at once: no child stays with us
    return True


def _given(folders: ScopeFolders, lock_fd: int) -> dict[str, object]:
    script = getattr(sys.modules.get("__main__"), "__file__", None)
    users = [os.getcwd() if os.path.isdir(".") else "", os.path.dirname(script or "")]
    return {
        "active": str(folders.active),
        "disk": str(folders.disk),
        "lock_fd": lock_fd,
        "path": import_path(sys.path, _PACKAGE_ROOT, users),
    }


def _warn(message: str) -> bool:
    global _warned
    if not _warned:
        _warned = True
        _log.warning("%s", message)
    return False
