from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from runstream.agent import environment


def test_little_of_the_environment_is_passed_on() -> None:
    given = {
        "PATH": "/bin",
        "HOME": "/home/u",
        "LC_ALL": "C",
        "LD_PRELOAD": "libevil.so",
        "PYTHONPATH": "/x",
        "PYTHONHOME": "/y",
        "RUNSTREAM_RUN_ID": "ab",
        "MLFLOW_RUN_ID": "ab",
        "RUNSTREAM_INHERITED_RUN": "x",
        "RANK": "3",
        "OMP_NUM_THREADS": "1",
        "RUNSTREAM_AGENT_IDLE_SECONDS": "3",
    }
    assert environment.agent_environment(given) == {
        "PATH": "/bin",
        "HOME": "/home/u",
        "LC_ALL": "C",
        "RUNSTREAM_AGENT_IDLE_SECONDS": "3",
        "RUNSTREAM_AGENT": "1",
    }


def test_an_agent_knows_itself() -> None:
    assert environment.is_agent({"RUNSTREAM_AGENT": "1"})
    assert not environment.is_agent({})


def test_the_users_folders_come_last() -> None:
    path = environment.import_path(
        [
            "",
            "/home/u/project",
            "/usr/lib/python3",
            "/venv/lib",
            "/opt/sdk",
            "/venv/lib",
        ],
        "/opt/sdk",
        ["/home/u/project", ""],
    )
    assert path == ["/opt/sdk", "/usr/lib/python3", "/venv/lib", "/home/u/project"]


def test_relative_entries_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert environment.import_path(["lib"], "/sdk", []) == ["/sdk", str(tmp_path / "lib")]


def test_the_interpreter(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert environment.interpreter({}) == sys.executable
    assert environment.interpreter({"RUNSTREAM_AGENT_PYTHON": "/nowhere/python"}) is None
    assert environment.interpreter({"RUNSTREAM_AGENT_PYTHON": sys.executable}) == sys.executable
    program = tmp_path / "uwsgi"
    program.touch(mode=0o755)
    monkeypatch.setattr(sys, "executable", str(program))
    assert environment.interpreter({}) is None
    monkeypatch.setattr(sys, "executable", "")
    assert environment.interpreter({}) is None
    assert os.environ is not None
