"""Real agents in processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from runstream.agent import places, start
from runstream.agent.client import AgentClient
from runstream.spool.folders import ScopeFolders
from runstream.v1 import spool_pb2

STATUS = spool_pb2.AgentRequest(status=spool_pb2.AgentStatusRequest())


@pytest.fixture
def scope(monkeypatch: pytest.MonkeyPatch) -> Iterator[ScopeFolders]:
    """A scope in a folder whose name is short enough for a socket's path."""
    monkeypatch.setenv("RUNSTREAM_AGENT_IDLE_SECONDS", "60")
    with tempfile.TemporaryDirectory(prefix="rs-") as name:
        folder = Path(name) / "scope"
        folder.mkdir(mode=0o700)
        folders = ScopeFolders(folder, folder)
        yield folders
        if start.agent_lives(folders):  # It may be about to say who it is.
            wait((folders.disk / places.IDENTITY).exists)
            with contextlib.suppress(ProcessLookupError, ValueError):
                os.kill(worker_of(folders), signal.SIGTERM)
        wait(lambda: not start.agent_lives(folders))


def worker_of(folders: ScopeFolders) -> int:
    return int(json.loads((folders.disk / places.IDENTITY).read_text())["pid"])


def guard_of(worker: int) -> int:
    return int(Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[1])


def children() -> set[int]:
    """Of this process, also those that wait to be reaped."""
    return {child.pid for child in psutil.Process().children()}


def runs(pid: int) -> bool:
    """Not gone, and not only waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait(check: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    pause = threading.Event()
    while not check():
        assert time.monotonic() < deadline, "not in time"
        pause.wait(0.01)


def ask_pid(folders: ScopeFolders) -> int:
    return int(AgentClient(folders).call(STATUS, 20).status.pid)


def test_one_agent_however_many_ask(scope: ScopeFolders) -> None:
    threads = [threading.Thread(target=start.ensure_agent, args=(scope,)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert start.agent_lives(scope)
    pid = ask_pid(scope)
    assert pid == worker_of(scope) != os.getpid()
    assert start.ensure_agent(scope)
    assert ask_pid(scope) == pid


def test_the_starter_keeps_nothing_and_gives_nothing(scope: ScopeFolders) -> None:
    before = children()
    assert start.ensure_agent(scope)
    assert children() == before
    pid = ask_pid(scope)
    proc = Path(f"/proc/{pid}")
    targets = {os.readlink(proc / "fd" / str(number)) for number in range(3)}
    assert targets == {"/dev/null"}
    environment = (proc / "environ").read_bytes()
    assert b"RUNSTREAM_AGENT=1" in environment
    assert b"PYTEST" not in environment
    assert os.readlink(proc / "cwd") == "/"
    assert os.getsid(pid) != os.getsid(0)


def test_a_killed_worker_is_replaced_by_the_guard(scope: ScopeFolders) -> None:
    first = AgentClient(scope).call(STATUS, 20).status.pid
    os.kill(first, signal.SIGKILL)
    assert start.agent_lives(scope)  # the guard still holds the lock
    wait(lambda: worker_of(scope) != first)
    second = ask_pid(scope)
    # Without the guard the worker goes on; when both are gone the lock is free.
    os.kill(guard_of(second), signal.SIGKILL)
    assert ask_pid(scope) == second
    os.kill(second, signal.SIGKILL)
    wait(lambda: not start.agent_lives(scope))
    assert ask_pid(scope) not in (first, second)


def test_capturing_output_does_not_hang(scope: ScopeFolders) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom runstream.agent.start import ensure_agent\n"
        "from runstream.spool.folders import ScopeFolders\n"
        "folder = Path(sys.argv[1])\nprint(ensure_agent(ScopeFolders(folder, folder)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(scope.disk)],
        capture_output=True, text=True, check=True, timeout=20,
    )  # fmt: skip
    assert done.stdout.strip() == "True"
    assert start.agent_lives(scope)
    ask_pid(scope)


def test_a_users_module_does_not_break_it(
    scope: ScopeFolders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "queue.py").write_text("raise SystemExit('the wrong queue')")
    (tmp_path / "logging.py").write_text("raise SystemExit('the wrong logging')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert ask_pid(scope)


def test_a_terminated_agent_leaves_and_its_guard_too(scope: ScopeFolders) -> None:
    pid = ask_pid(scope)
    guard = guard_of(pid)
    os.kill(pid, signal.SIGTERM)
    wait(lambda: not start.agent_lives(scope))
    wait(lambda: not runs(guard))
