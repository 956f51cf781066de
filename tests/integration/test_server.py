"""The server as a process: one folder, its doors, its end."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest

from tests.integration.server_process import (
    Client,
    ServerProcess,
    batch,
    created,
    get_json,
    get_text,
    new_run_id,
    point,
)

Start = Callable[..., ServerProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts servers of one folder; what still runs at the end is killed."""
    started: list[ServerProcess] = []

    def run(*arguments: str) -> ServerProcess:
        server = ServerProcess(tmp_path / "data", arguments or ("--port", "0"))
        started.append(server)
        return server

    yield run
    for server in started:
        server.kill()


def test_from_append_to_read_to_a_clean_end(start: Start) -> None:
    server = start()
    said = server.announced()
    assert get_json(said["http_address"], "/health") == {"status": "ok"}
    known = get_json(said["http_address"], "/.well-known/runstream")
    assert (known["product"], known["log_id"]) == ("runstream", said["log_id"])
    assert said["grpc_address"] == f"127.0.0.1:{known['grpc_port']}"
    run_id = new_run_id()
    client = Client(said["grpc_address"])
    assert client.append(batch(run_id, 1, created("x"), point(3))).experiment_id == "1"
    assert client.run(run_id).info.experiment_id == "1"
    assert client.steps(run_id, "loss") == [3]
    client.close()
    measures = get_text(said["http_address"], "/metrics")
    assert "runstream_materialized_points_total 1\n" in measures
    assert 'runstream_materialize_behind_records{log="events"} 0\n' in measures
    status, output = server.close()
    assert status == 0
    first, *_, last = output.strip().splitlines()
    assert first.startswith("Runstream ")
    assert said["http_address"] in output
    assert last == "Stopped; everything accepted is in the tables."
    assert not (server.folder / "server.json").exists()


def test_kill_9_loses_no_acknowledged_batch(start: Start) -> None:
    run_id, seq, acknowledged = new_run_id(), 0, []
    for _ in range(4):
        server = start()
        client = Client(server.announced()["grpc_address"])
        for _ in range(25):
            seq += 1
            client.append(batch(run_id, seq, *([created()] if seq == 1 else []), point(seq)))
            acknowledged.append(seq)
        seq += 1
        unknown = batch(run_id, seq, point(seq))
        server.kill()
        with pytest.raises(grpc.RpcError):
            client.append(unknown, timeout=0.2)
        client.close()
        # As an agent does: the same bytes again, at whoever comes next.
        server = start()
        client = Client(server.announced()["grpc_address"])
        client.append(unknown)
        acknowledged.append(seq)
        assert client.steps(run_id, "loss") == acknowledged
        client.close()
        server.kill()


def test_a_second_server_of_the_folder_is_refused(start: Start) -> None:
    first = start()
    said = first.announced()
    second = start()
    output = second.output()
    assert second.process.returncode == 1
    assert f"served already, by process {said['pid']} at {said['http_address']}" in output
    assert "Traceback" not in output
    assert first.close()[0] == 0


@pytest.mark.parametrize("flag", ["--port", "--grpc-port"])
def test_a_port_in_use_is_said_with_what_to_do(start: Start, flag: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = start("--port", "0", flag, str(port))
        output = server.output()
    assert server.process.returncode == 1
    assert f"Port {port} of 127.0.0.1 cannot be had" in output
    assert f"Choose another with {flag}" in output
    assert "Traceback" not in output


def test_an_agents_server_gives_way_and_comes_back(start: Start) -> None:
    embedded = start("--for-agent")
    said = embedded.announced()
    assert said["grpc_address"].startswith("unix:")
    socket_folder = Path(said["grpc_address"].removeprefix("unix:")).parent
    assert socket_folder.stat().st_mode & 0o777 == 0o700
    run_id = new_run_id()
    client = Client(said["grpc_address"])
    client.append(batch(run_id, 1, created(), point(1)))
    client.close()
    again = start("--for-agent")
    assert again.process.wait(timeout=60) == 0, "one is enough"
    person = start()
    client = Client(person.announced()["grpc_address"])
    assert client.steps(run_id, "loss") == [1]
    client.close()
    assert embedded.process.wait(timeout=60) == 0
    assert not socket_folder.exists()


def test_an_agents_server_leaves_when_nobody_calls(start: Start) -> None:
    server = start("--for-agent", "--idle-seconds", "0.1")
    assert "Stopped" in server.output()
    assert server.process.returncode == 0


def test_a_folder_of_a_newer_version_is_refused(start: Start, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "FORMAT").write_text("99\n")
    server = start()
    output = server.output()
    assert server.process.returncode == 1
    assert "written by a newer Runstream (format 99" in output
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["FORMAT", "server.lock"]


def _rebuild(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "runstream_server", "rebuild", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return done.stdout


def test_rebuild_beside_a_server_and_without(start: Start, tmp_path: Path) -> None:
    server = start()
    run_id = new_run_id()
    client = Client(server.announced()["grpc_address"])
    client.append(batch(run_id, 1, created(), point(1)))
    assert "running server builds" in _rebuild(server.folder)
    client.append(batch(run_id, 2, point(2)))
    assert client.steps(run_id, "loss") == [1, 2]
    client.close()
    assert server.close()[0] == 0
    assert json.loads(_rebuild(server.folder, "--json"))["done"] is True
    server = start()
    client = Client(server.announced()["grpc_address"])
    assert client.steps(run_id, "loss") == [1, 2]
    client.close()
    assert "running server builds" in _rebuild(server.folder, "--only", "points")
