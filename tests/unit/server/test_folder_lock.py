"""One process per folder. The other process is a real one: the lock is the kernel's."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runstream_server.folder import DataFolder, FolderError, FolderServedError
from runstream_server.folder_lock import FolderLock, StartedBy

_HOLD = """
import signal, sys
from pathlib import Path
from runstream_server.folder import DataFolder
from runstream_server.folder_lock import FolderLock
folder = DataFolder(Path(sys.argv[1]))
FolderLock(folder, sys.argv[2]).take()
if sys.argv[3]:
    folder.announce({"http_address": sys.argv[3]})
if sys.argv[4]:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("held", flush=True)
sys.stdin.read()
"""

Hold = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def hold(tmp_path: Path) -> Iterator[Hold]:
    """Starts a process that has the lock of tmp_path."""
    started: list[subprocess.Popen[str]] = []

    def start(
        started_by: StartedBy, announced: str = "", stubborn: str = ""
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", _HOLD, str(tmp_path), started_by, announced, stubborn],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def lock(
    folder: Path, started_by: StartedBy, pause: Callable[[float], None] | None = None
) -> FolderLock:
    """A lock whose pauses are counted as time and do nothing else, unless given."""
    now = [0.0]

    def count(seconds: float) -> None:
        now[0] += seconds
        if pause is not None:
            pause(seconds)

    return FolderLock(DataFolder(folder), started_by, count, lambda: now[0])


def test_a_free_folder_is_taken(tmp_path: Path) -> None:
    mine = lock(tmp_path, "person")
    mine.refuse_if_served()
    mine.take()
    mine.close()
    mine.close()


def test_what_a_person_started_stays(tmp_path: Path, hold: Hold) -> None:
    holder = hold("person", "http://127.0.0.1:5000")
    mine = lock(tmp_path, "person")
    with pytest.raises(FolderServedError, match=f"process {holder.pid} at http://127"):
        mine.refuse_if_served()
    with pytest.raises(FolderServedError, match="stop it first"):
        mine.take()
    mine.close()
    assert holder.poll() is None


def test_what_an_agent_started_gives_way_to_a_person(tmp_path: Path, hold: Hold) -> None:
    holder = hold("agent", "unix:/x")
    mine = lock(tmp_path, "person", lambda seconds: _ended(holder))
    mine.refuse_if_served()
    mine.take()
    mine.close()
    assert holder.returncode == -signal.SIGTERM


def test_who_does_not_leave_in_time_is_named(tmp_path: Path, hold: Hold) -> None:
    holder = hold("agent", "", "stubborn")
    mine = lock(tmp_path, "person")
    with pytest.raises(FolderError, match=f"held by process {holder.pid}"):
        mine.take()
    mine.close()


@pytest.mark.parametrize("other", ["agent", "person"])
def test_an_agent_finds_the_folder_served(tmp_path: Path, hold: Hold, other: StartedBy) -> None:
    holder = hold(other, "unix:/x")
    mine = lock(tmp_path, "agent")
    with pytest.raises(FolderServedError):
        mine.take()
    mine.close()
    assert holder.poll() is None


def test_an_agent_waits_for_who_is_leaving(tmp_path: Path, hold: Hold) -> None:
    holder = hold("agent")

    def leave(_: float) -> None:
        holder.kill()
        _ended(holder)

    mine = lock(tmp_path, "agent", leave)
    mine.take()
    mine.close()


def test_the_lock_dies_with_its_process(tmp_path: Path, hold: Hold) -> None:
    holder = hold("person", "unix:/x")
    holder.kill()
    _ended(holder)
    mine = lock(tmp_path, "person")
    mine.refuse_if_served()
    mine.take()
    mine.close()


def _ended(process: subprocess.Popen[str]) -> None:
    process.wait(timeout=30)
