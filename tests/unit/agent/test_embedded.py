from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from runstream.agent.address import Address, AddressError
from runstream.agent.embedded import EmbeddedServers, folder_of, listens, server_address

# Listens and says where, as a server does when it is ready.
_SERVER = """
import json, os, socket, sys
folder = sys.argv[1]
listener = socket.socket(socket.AF_UNIX)
listener.bind(folder + "/s")
listener.listen()
said = {"grpc_address": f"unix:{folder}/s", "http_address": "unix:/h"}
with open(folder + "/new", "w") as file:
    json.dump(said, file)
os.rename(folder + "/new", folder + "/server.json")
listener.accept()
listener.accept()
"""


def test_the_folder_of_a_uri() -> None:
    assert folder_of("file:///data/my%20runs") == Path("/data/my runs")


def test_what_is_not_an_address(tmp_path: Path) -> None:
    assert server_address(tmp_path) is None
    for text in ("", "[]", "{}", '{"grpc_address": "x"}'):
        (tmp_path / "server.json").write_text(text)
        assert server_address(tmp_path) is None


def test_whether_somebody_listens(short_folder: Path) -> None:
    path = short_folder / "s"
    assert not listens(Address(f"unix:{path}"))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        assert listens(Address(f"unix:{path}"))
    assert not listens(Address(f"unix:{path}"))  # the file is there, nobody behind
    assert not listens(Address("nonsense"))


def test_a_server_that_runs_is_used(short_folder: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(short_folder / "s"))
        listener.listen()
        said = {"grpc_address": f"unix:{short_folder}/s", "http_address": "unix:/h"}
        (short_folder / "server.json").write_text(json.dumps(said))
        servers = EmbeddedServers(short_folder, lambda folder: ["/nowhere"])
        found = servers.find(f"file://{short_folder}")
    assert found == Address(f"unix:{short_folder}/s", http_base="unix:/h", local=True)


def test_a_server_is_started_when_there_is_none(short_folder: Path) -> None:
    (short_folder / "server.json").write_text('{"grpc_address": "unix:/gone", "http_address": ""}')
    command = [sys.executable, "-c", _SERVER]
    servers = EmbeddedServers(short_folder, lambda folder: [*command, str(folder)])
    assert servers.find(f"file://{short_folder}").grpc_target == f"unix:{short_folder}/s"
    with socket.socket(socket.AF_UNIX) as last:
        last.connect(str(short_folder / "s"))
    for process in servers.started:
        assert process.wait(20) == 0


def test_a_server_that_cannot_start_is_named(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("runstream.agent.embedded._GRACE_SECONDS", 0.0)
    fails = [sys.executable, "-c", "import sys; sys.exit(3)"]
    servers = EmbeddedServers(short_folder, lambda folder: fails)
    with pytest.raises(AddressError, match="ended with status 3"):
        servers.find(f"file://{short_folder}")
    with pytest.raises(AddressError, match="cannot start"):
        EmbeddedServers(short_folder, lambda folder: ["/nowhere"]).find(f"file://{short_folder}")


def test_a_server_that_never_answers_is_named(short_folder: Path) -> None:
    waits = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    started: list[subprocess.Popen[bytes]] = []
    servers = EmbeddedServers(short_folder, lambda folder: waits, start_seconds=0.0)
    with pytest.raises(AddressError, match="server of"):
        servers.find(f"file://{short_folder}")
    started += servers.started
    for process in started:
        process.wait(20)
