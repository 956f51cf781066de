"""The commands' flags, variables and help."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from runstream_server import command
from runstream_server.folder import FolderError


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What the command would serve."""
    calls: list[tuple[Any, ...]] = []
    monkeypatch.setattr(command, "_serve", lambda *arguments: calls.append(arguments))
    monkeypatch.setattr(command, "log_to_stderr", lambda level: None)
    return calls


def _served(calls: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Folder, host and ports of each call."""
    return [(folder, *listen) for folder, listen, _ in calls]


def _run(*arguments: str, **env: str) -> tuple[int, str]:
    result = CliRunner().invoke(command.main, arguments, env=env)
    return result.exit_code, result.output


@pytest.mark.parametrize("name", ["server", "ui"])
def test_defaults(served: list[tuple[Any, ...]], name: str) -> None:
    assert _run(name) == (0, "")
    assert _served(served) == [(Path("runstream-data"), "127.0.0.1", 5000, 5001)]


def test_flags(served: list[tuple[Any, ...]]) -> None:
    _run("server", "d", "--host", "0.0.0.0", "--port", "8080", "--grpc-port", "9000")
    _run("server", "d", "-p", "8080")
    _run("server", "d", "-p", "0")
    assert _served(served) == [
        (Path("d"), "0.0.0.0", 8080, 9000),
        (Path("d"), "127.0.0.1", 8080, 8081),
        (Path("d"), "127.0.0.1", 0, 0),
    ]


def test_every_flag_is_a_variable(served: list[tuple[Any, ...]]) -> None:
    _run("server", RUNSTREAM_HOST="::1", RUNSTREAM_PORT="1", RUNSTREAM_GRPC_PORT="7")
    assert _served(served) == [(Path("runstream-data"), "::1", 1, 7)]
    hidden = {"for_agent", "folder"}
    for option in command.server.params:
        assert option.name in hidden or str(option.envvar).startswith("RUNSTREAM_")


def test_what_kubernetes_sets_for_a_service_is_not_a_port(served: list[tuple[Any, ...]]) -> None:
    assert _run("server", RUNSTREAM_PORT="tcp://10.0.0.7:5000") == (0, "")
    assert _served(served) == [(Path("runstream-data"), "127.0.0.1", 5000, 5001)]


@pytest.mark.parametrize("port", ["-1", "65536", "x"])
def test_bad_ports_are_usage_errors(port: str) -> None:
    code, output = _run("server", "--port", port)
    assert code == 2
    assert "--port" in output


def test_known_errors_are_a_sentence(
    monkeypatch: pytest.MonkeyPatch, served: list[tuple[Any, ...]]
) -> None:
    def refuse(*_: object) -> None:
        raise FolderError("It is served already.")

    monkeypatch.setattr(command, "_serve", refuse)
    assert _run("server") == (1, "Error: It is served already.\n")


def test_help_shows_defaults_variables_and_examples() -> None:
    code, output = _run("server", "--help")
    assert code == 0
    for text in ("[DIR]", "127.0.0.1", "RUNSTREAM_PORT", "runstream server /data", "--tokens-file"):
        assert text in output
    assert "--for-agent" not in output


def test_rebuild_needs_a_folder_with_a_log(tmp_path: Path) -> None:
    assert _run("rebuild", str(tmp_path / "missing"))[0] == 1
    code, output = _run("rebuild", str(tmp_path))
    assert code == 1
    assert "holds no event log" in output


def test_rebuild_knows_the_views(tmp_path: Path) -> None:
    code, output = _run("rebuild", str(tmp_path), "--only", "nonsense")
    assert code == 2
    assert "points" in output
