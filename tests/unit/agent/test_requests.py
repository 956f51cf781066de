"""What processes ask of the agent: a real socket, a real server."""

from __future__ import annotations

import hashlib
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from runstream.agent import places
from runstream.v1 import ingest_pb2, spool_pb2, tracking_pb2
from tests.unit.agent.grpc_server import GrpcServer
from tests.unit.agent.running import RUN, URI, Running, one_run


def test_a_read_brings_the_position_of_what_was_written(
    start: Callable[..., Running], server: GrpcServer
) -> None:
    agent = start()
    _, run = one_run(agent.folders)
    run.log_metric("loss", 0.5, 0, 7)
    assert agent.call("Query/GetRun", b"").code == 0
    assert len(server.log.said(RUN)) == 1
    brought = tracking_pb2.Position.FromString(server.positions[-1])
    # What this agent sent, and the end of the logs for what others had sent before.
    assert {(o.partition, o.next_offset) for o in brought.offsets} == {
        (0, len(server.log.batches)),
        (3, 99),
    }
    request = ingest_pb2.CreateExperimentRequest(name="new").SerializeToString()
    created = ingest_pb2.ExperimentResponse.FromString(
        agent.call("Ingest/CreateExperiment", request).response
    )
    assert created.experiment.name == "new"
    agent.call("Query/GetRun", b"")
    brought = tracking_pb2.Position.FromString(server.positions[-1])
    assert {o.log: o.next_offset for o in brought.offsets}["registry"] == 7


def test_errors_of_the_server_come_through(start: Callable[..., Running]) -> None:
    agent = start()
    request = ingest_pb2.CreateExperimentRequest(name="taken").SerializeToString()
    response = agent.call("Ingest/CreateExperiment", request, wait=False)
    assert (response.code, response.error_code) == (6, "RESOURCE_ALREADY_EXISTS")
    assert response.message == "the name is taken"
    assert agent.ask().error_code == "NOT_IMPLEMENTED"


def test_files_go_up_and_down(
    start: Callable[..., Running], server: GrpcServer, tmp_path: Path
) -> None:
    agent = start()
    data = b"weights" * 100
    (tmp_path / "w").write_bytes(data)
    _, run = one_run(agent.folders)
    run.log_metric("loss", 0.5, 0, 7)
    digest = hashlib.sha256(data).digest()
    upload = spool_pb2.AgentUpload(
        tracking_uri=URI,
        run_id=RUN,
        path="w",
        upload_id="cd" * 16,
        source=str(tmp_path / "w"),
        size_bytes=len(data),
        sha256=digest,
    )
    key = agent.ask(upload=upload).response.decode()
    assert server.objects[key] == data
    upload.path = "../w"
    assert agent.ask(upload=upload).code == 3
    server.files.append(
        tracking_pb2.FileInfo(path="w", file_size=len(data), object_key=key, sha256=digest)
    )
    download = spool_pb2.AgentDownload(
        tracking_uri=URI, run_id=RUN, path="w", destination=str(tmp_path / "to")
    )
    assert agent.ask(download=download).message == str(tmp_path / "to" / "w")
    assert (tmp_path / "to" / "w").read_bytes() == data
    download.path = "missing"
    assert agent.ask(download=download).error_code == "RESOURCE_DOES_NOT_EXIST"


def test_status(start: Callable[..., Running], server: GrpcServer) -> None:
    agent = start()
    spool, run = one_run(agent.folders)
    run.log_metric("loss", 0.5, 0, 7)
    agent.flush()
    status = agent.ask(status=spool_pb2.AgentStatusRequest()).status
    assert status.pid == os.getpid()
    (process,) = status.processes
    assert (process.alive, process.cells_accepted) == (True, process.cells_spooled)
    assert process.producer_id == spool.producer_id
    assert [(r.run_id, r.points_accepted) for r in process.runs] == [(RUN, 1)]
    (destination,) = status.destinations
    assert (destination.tracking_uri, destination.connected) == (URI, True)


def test_many_clients_and_one_that_vanishes(start: Callable[..., Running]) -> None:
    agent = start()
    with places.socket_path(agent.folders.disk) as path:
        half = socket.socket(socket.AF_UNIX)
        half.connect(path)
        half.sendall(b"\xff\xff")
        half.close()
        garbage = socket.socket(socket.AF_UNIX)
        garbage.connect(path)
        garbage.sendall(b"\x04\x00\x00\x00\xff\xff\xff\xff")
        assert garbage.recv(10) == b""
        garbage.close()
    codes: list[int] = []

    def ask() -> None:
        codes.append(agent.ask(status=spool_pb2.AgentStatusRequest()).code)

    threads = [threading.Thread(target=ask) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [0] * 50
