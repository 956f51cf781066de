"""The tab key: what the shell's script asks the program for."""

from __future__ import annotations

import pytest
from click.shell_completion import BashComplete

from runstream.cli.root import cli
from runstream.cli.session import Session
from runstream.exceptions import RunstreamError
from tests.unit.cli.fakes import RUN_A, RUN_B, CommandLine

A, B = RUN_A.info.run_id, RUN_B.info.run_id


def completions(runstream: CommandLine, line: str) -> list[str]:
    *before, incomplete = line.split(" ")
    completer = BashComplete(cli, {"obj": runstream.session()}, "runstream", "_RUNSTREAM_COMPLETE")
    return [item.value for item in completer.get_completions(before, incomplete)]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("exp", ["experiments"]),
        ("experiments re", ["rename", "restore"]),
        ("experiments get d", ["digits"]),
        ("experiments get 1", ["1"]),
        ("runs list -x D", ["Default"]),
        ("runs show a", [A, B]),
        ("runs verify --run-id aa", [A, B]),
        ("runs show x", []),
        (f"metrics history {A} ", ["acc", "loss"]),
        (f"metrics history {A} l", ["loss"]),
        ("metrics history bbbb l", []),
        ("completion z", ["zsh"]),
    ],
)
def test_completes(runstream: CommandLine, line: str, expected: list[str]) -> None:
    assert completions(runstream, line) == expected


def test_an_error_completes_nothing(
    runstream: CommandLine, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away(Session):
        @property
        def client(self) -> None:  # type: ignore[override]
            raise RunstreamError("away")

    monkeypatch.setattr(runstream, "session", Away)
    assert completions(runstream, "experiments get d") == []
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell(runstream: CommandLine, shell: str) -> None:
    assert f"_RUNSTREAM_COMPLETE={shell}_complete" in runstream(f"completion {shell}")
