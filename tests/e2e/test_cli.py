"""The command line against a real embedded folder."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.e2e.harness import PATIENCE_SECONDS, World, eventually, new_world

PROGRAM = Path(sys.executable).with_name("runstream")
TRAIN = """
import runstream as mlflow
mlflow.set_experiment("digits")
with mlflow.start_run(run_name="first") as run:
    mlflow.log_param("lr", 0.1)
    for step in range(50):
        mlflow.log_metric("loss", 1.0 / (step + 1), step=step)
    mlflow.log_text("hello", "notes/note.txt")
print(run.info.run_id)
"""


class Tracked(NamedTuple):
    """A world with one finished run."""

    world: World
    uri: str
    run_id: str

    def command(self, *arguments: str, code: int = 0) -> str:
        """The output of `runstream …`, which ends with `code`."""
        done = subprocess.run(
            [PROGRAM, *arguments],
            env=self.world.environment(self.uri),
            cwd=self.world.folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        assert "Traceback" not in done.stderr
        return done.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self.command(*arguments, "--json"))


@pytest.fixture(scope="module")
def tracked() -> Iterator[Tracked]:
    with new_world() as world:
        uri = str(world.folder / "data")
        yield Tracked(world, uri, world.run(TRAIN, uri=uri).strip())


def test_a_run_is_found_shown_and_verified(tracked: Tracked) -> None:
    (run,) = tracked.json("runs", "search", "metrics.loss < 0.5 and params.lr = '0.1'")["runs"]
    assert run["info"]["run_id"] == tracked.run_id
    shown = tracked.json("runs", "show", tracked.run_id[-8:])["run"]
    assert shown == run
    assert "complete" in tracked.command("runs", "verify", tracked.run_id)
    (producer,) = tracked.json("runs", "verify", tracked.run_id)["producers"]
    assert producer["points"] == 50


def test_the_history_of_a_metric(tracked: Tracked) -> None:
    points = tracked.json("metrics", "history", tracked.run_id, "loss")["metrics"]
    assert [point["step"] for point in points] == list(range(50))
    assert len(tracked.command("metrics", "history", tracked.run_id, "loss").splitlines()) == 51


def test_files_come_back_as_they_were(tracked: Tracked, tmp_path: Path) -> None:
    (tmp_path / "more.bin").write_bytes(bytes(range(256)))
    log = ("artifacts", "log-artifact", "-l", str(tmp_path / "more.bin"), "-r", tracked.run_id)
    tracked.command(*log, "-a", "notes")
    listed = tracked.json("artifacts", "list", tracked.run_id, "-a", "notes")["files"]
    assert sorted(file["path"] for file in listed) == ["notes/more.bin", "notes/note.txt"]
    target = tmp_path / "there"
    fetch = ("artifacts", "download", "-r", tracked.run_id, "-a", "notes", "-d", str(target))
    local = Path(tracked.command(*fetch).strip())
    assert (local / "more.bin").read_bytes() == bytes(range(256))
    assert (local / "note.txt").read_text() == "hello"


def test_an_experiment_from_its_creation_to_its_restoration(tracked: Tracked) -> None:
    created = tracked.json("experiments", "create", "-n", "new")["experiment_id"]
    tracked.command("experiments", "create", "new", code=1)
    tracked.command("experiments", "rename", "new", "newer")
    tracked.command("experiments", "delete", "newer")
    found = tracked.json("experiments", "get", "newer")["experiment"]
    assert (found["experiment_id"], found["lifecycle_stage"]) == (created, "deleted")
    tracked.command("experiments", "restore", "-x", created)
    names = {one["name"] for one in tracked.json("experiments", "search")["experiments"]}
    assert {"Default", "digits", "newer"} <= names


def test_a_deleted_run_is_found_among_the_deleted(tracked: Tracked) -> None:
    tracked.command("runs", "delete", tracked.run_id)
    (run,) = tracked.json("runs", "list", "-x", "digits", "-v", "deleted_only")["runs"]
    assert run["info"]["run_id"] == tracked.run_id
    tracked.command("runs", "restore", tracked.run_id)
    assert tracked.json("runs", "list", "-x", "digits")["runs"]


def test_negative_answers_and_wrong_usage(tracked: Tracked) -> None:
    tracked.command("runs", "show", "f" * 32, code=1)
    tracked.command("experiments", "get", "nothing", code=1)
    tracked.command("runs", "search", "metrics.loss !!! 1", code=2)
    tracked.command("runs", "--nonsense", code=2)


def test_the_agent_reports_and_drains(tracked: Tracked) -> None:
    assert tracked.json("agent", "status")["pid"] > 0
    assert "Everything is accepted." in tracked.command("agent", "drain")


def test_the_shell_completes_names(tracked: Tracked) -> None:
    done = subprocess.run(
        [PROGRAM],
        env=tracked.world.environment(
            tracked.uri,
            _RUNSTREAM_COMPLETE="bash_complete",
            COMP_WORDS="runstream experiments get di",
            COMP_CWORD="3",
        ),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.stdout == "plain,digits\n"


# What a shell starts in the background ignores SIGINT, and so does what that starts.
_HEED_AND_RUN = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""
AS_IN_A_TERMINAL = (sys.executable, "-c", _HEED_AND_RUN)


def test_ctrl_c_ends_cleanly(tracked: Tracked) -> None:
    """Interrupted while it waits for a server that never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        command = [
            *AS_IN_A_TERMINAL,
            str(PROGRAM),
            "-t",
            f"http://127.0.0.1:{silent.getsockname()[1]}",
            "runs",
            "list",
        ]
        with subprocess.Popen(
            command,
            env=tracked.world.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            eventually(lambda: _is_waiting(process.pid))
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 130, (out, err)
    assert b"Traceback" not in err + out


def _is_waiting(pid: int) -> bool:
    """Whether a process holds a socket: it asks the agent, which asks the server."""
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed since it was listed
            if os.readlink(link).startswith("socket:"):
                return True
    return False


def test_a_terminal_gets_a_plot(tracked: Tracked) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [PROGRAM, "metrics", "history", tracked.run_id, "loss"],
        env=tracked.world.environment(tracked.uri, COLUMNS="80", TERM="xterm"),
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        printed = b""
        while chunk := _read(ours):
            printed += chunk
    os.close(ours)
    assert process.returncode == 0, printed
    assert "┤" in printed.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other end is closed
        return b""
