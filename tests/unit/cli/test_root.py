from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import click
import pytest

from runstream.cli import root
from runstream.cli.session import Session
from runstream.exceptions import MlflowException, RunstreamError
from tests.unit.cli.fakes import CommandLine

# A command of each way to end.
ENDINGS: list[tuple[BaseException, int, str]] = [
    (KeyboardInterrupt(), 130, ""),
    (click.ClickException("no"), 1, "Error: no"),
    (click.UsageError("how?"), 2, "Error: how?"),
    (MlflowException("gone", "RESOURCE_DOES_NOT_EXIST"), 1, "Error: gone"),
    (MlflowException("bad filter", "INVALID_PARAMETER_VALUE"), 2, "Error: bad filter"),
    (RunstreamError("no spool"), 1, "Error: no spool"),
    (BrokenPipeError(), 1, ""),
]


@pytest.mark.parametrize(("error", "code", "said"), ENDINGS, ids=lambda item: repr(item)[:40])
def test_errors_become_sentences_and_exit_codes(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str
) -> None:
    class Failing(Session):
        @property
        def client(self) -> None:  # type: ignore[override]
            raise error

    assert root.run(["experiments", "list"], Failing()) == code
    printed = capsys.readouterr()
    assert said in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""


def test_an_unknown_command_is_wrong_usage(runstream: CommandLine) -> None:
    assert "No such command 'fly'" in runstream("fly", code=2)


def test_help_lists_own_and_added_commands(runstream: CommandLine) -> None:
    printed = runstream("--help")
    for name in (*root.OWN, "server", "ui", "rebuild"):
        assert f"\n  {name} " in printed


@pytest.mark.parametrize("line", ["runs list -t {}", "-t {} runs list"])
def test_the_tracking_uri_goes_before_or_behind(line: str) -> None:
    session = Session(client=None)
    uris: list[str | None] = []

    class Asking(Session):
        @property
        def client(self) -> None:  # type: ignore[override]
            uris.append(self.tracking_uri)
            raise RunstreamError

    session = Asking()
    root.run(line.format("http://h:1").split(), session)
    assert uris == ["http://h:1"]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("no_such_module:server", r"no module no_such_module\): pip install 'runstream\[server\]'"),
        ("runstream.cli.text:nothing", "cannot be loaded: .* has no attribute 'nothing'"),
    ],
)
def test_a_command_that_cannot_be_had_says_why(value: str, said: str) -> None:
    command = root.load(EntryPoint("server", value, root.ENTRY_POINTS))
    with pytest.raises(click.ClickException, match=said):
        command.main(["DIR", "--port", "1"], standalone_mode=False)


def test_without_click_the_program_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise ModuleNotFoundError('click')")
    done = subprocess.run(
        [sys.executable, "-c", "from runstream.cli.main import main; main()"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip() == (
        "The runstream command needs click and rich, which are not installed here: "
        "pip install 'runstream[cli]'"
    )


def test_a_closed_pipe_is_no_traceback() -> None:
    done = subprocess.run(
        f"{sys.executable} -c 'from runstream.cli.main import main; main()' --help | true",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""
