"""The whole agent in a thread: real spools, a real socket, a real server."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runstream.agent import places
from runstream.agent.agent import Agent
from runstream.agent.client import AgentClient
from runstream.agent.detach import Terminated
from runstream.agent.leave import LeavePolicy
from runstream.agent.outcome import Refused
from runstream.agent.requests import Requests
from runstream.spool.folders import ScopeFolders, process_names
from runstream.spool.series import RunSpool
from runstream.spool.writer import ProcessSpool
from runstream.v1 import events_pb2, ingest_pb2, spool_pb2, tracking_pb2
from tests.unit.agent.grpc_server import GrpcServer
from tests.unit.agent.helpers import address_of, eventually

URI = "file:///data"
RUN = "ab" * 16

# What a process does that ends without a word; the folder is its argument.
_DIES = """
import os, sys
from pathlib import Path
from runstream.spool.folders import ScopeFolders
from runstream.spool.series import RunSpool
from runstream.spool.writer import ProcessSpool
from runstream.v1 import spool_pb2
folder = Path(sys.argv[1])
spool = ProcessSpool.create(ScopeFolders(folder, folder))
definition = spool_pb2.RunDefinition(
    run_id="ab" * 16, tracking_uri="file:///data", attempt_start_ms=1000, owned=True
)
run = RunSpool(spool, spool.define_run(definition))
for step in range(100):
    run.log_metric("loss", 0.5, step, 7)
os._exit(9)
"""


class Running:
    """An agent on a thread of its own, and a client."""

    def __init__(self, folders: ScopeFolders, server: GrpcServer, idle_seconds: float = 1e9):
        self.folders = folders
        self.lock_fd = places.open_lock(folders.disk)
        assert places.try_lock(self.lock_fd)
        self.terminated = Terminated()
        self.client = AgentClient(folders)
        listening = threading.Event()

        def run() -> None:
            policy = LeavePolicy(idle_seconds)
            agent = Agent(folders, self.lock_fd, lambda uri: address_of(server), policy)
            agent.listen(Requests(agent).handle)
            listening.set()
            agent.run(self.terminated)

        self.thread = threading.Thread(target=run)
        self.thread.start()
        assert listening.wait(10)

    def ask(self, **kind: object) -> spool_pb2.AgentResponse:
        return self.client.call(spool_pb2.AgentRequest(**kind), 20.0)  # type: ignore[arg-type]

    def flush(self, timeout_ms: int = 15_000, producer_id: bytes = b"") -> spool_pb2.AgentResponse:
        flush = spool_pb2.AgentFlush(
            tracking_uri=URI, level="accepted", timeout_ms=timeout_ms, producer_id=producer_id
        )
        return self.ask(flush=flush)

    def call(self, method: str, request: bytes, wait: bool = True) -> spool_pb2.AgentResponse:
        call = spool_pb2.AgentCall(
            tracking_uri=URI,
            method=f"/runstream.v1.{method}",
            request=request,
            timeout_ms=15_000,
            read_your_writes=wait,
        )
        return self.ask(call=call)

    def end(self) -> None:
        self.terminated.asked = True
        self.thread.join(20)
        assert not self.thread.is_alive()
        os.close(self.lock_fd)


@pytest.fixture
def start(short_folder: Path, server: GrpcServer) -> Iterator[Callable[..., Running]]:
    running: list[Running] = []

    def begin(idle_seconds: float = 1e9) -> Running:
        folder = short_folder / "scopes" / "own"
        folder.mkdir(parents=True, exist_ok=True)
        running.append(Running(ScopeFolders(folder, folder), server, idle_seconds))
        return running[-1]

    yield begin
    for one in running:
        one.end()


def one_run(folders: ScopeFolders) -> tuple[ProcessSpool, RunSpool]:
    spool = ProcessSpool.create(folders)
    definition = spool_pb2.RunDefinition(
        run_id=RUN, tracking_uri=URI, attempt_start_ms=1000, owned=True
    )
    return spool, RunSpool(spool, spool.define_run(definition))


def die(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([sys.executable, "-c", _DIES, str(folder)], check=False)
    assert done.returncode == 9


def test_flush_returns_when_everything_is_accepted(
    start: Callable[..., Running], server: GrpcServer
) -> None:
    agent = start()
    spool, run = one_run(agent.folders)
    for step in range(1000):
        run.log_metric("loss", 0.5, step, 7)
    response = agent.flush(producer_id=spool.producer_id)
    assert response.code == 0
    assert response.position.offsets[0].next_offset == len(server.log.batches)
    assert len(server.log.said(RUN)) == 1000
    materialized = agent.ask(flush=spool_pb2.AgentFlush(tracking_uri=URI, level="materialized"))
    assert materialized.code == 0
    assert server.calls[-1] == "/runstream.v1.Query/WaitForPosition"


def test_a_server_that_is_away_is_named(start: Callable[..., Running], server: GrpcServer) -> None:
    agent = start()
    server.stop()
    _, run = one_run(agent.folders)
    run.log_metric("loss", 0.5, 0, 7)
    response = agent.flush(timeout_ms=300)
    assert (response.code, response.error_code) == (4, "DEADLINE_EXCEEDED")
    assert "1 points" in response.message
    assert "file:///data" in response.message
    server.start()
    assert agent.flush().code == 0
    assert len(server.log.said(RUN)) == 1


def test_refusals_are_told_once(start: Callable[..., Running], server: GrpcServer) -> None:
    agent = start()
    spool, run = one_run(agent.folders)
    detail = tracking_pb2.ErrorDetail(error_code="INVALID_PARAMETER_VALUE", event_indexes=[1])
    server.log.judge = lambda request: (
        Refused(3, "no such key", detail) if len(request.events) > 1 else None
    )
    run.log_metric("loss", 0.5, 0, 7)
    (sentence,) = agent.flush(producer_id=spool.producer_id).refusals
    assert "no such key" in sentence
    assert not agent.flush(producer_id=spool.producer_id).refusals


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


def test_a_dead_process_is_ended_and_its_folder_goes(
    start: Callable[..., Running], server: GrpcServer
) -> None:
    agent = start()
    die(agent.folders.disk)
    assert process_names(agent.folders)
    assert agent.ask(drain=spool_pb2.AgentDrain(timeout_ms=15_000)).code == 0
    eventually(lambda: not process_names(agent.folders))
    events = server.log.events(RUN)
    statuses = [e.run_updated.status for e in events if e.WhichOneof("kind") == "run_updated"]
    assert statuses == [events_pb2.KILLED]
    reason = next(e.tags.set[0] for e in events if e.WhichOneof("kind") == "tags")
    assert reason.key == "runstream.end_reason"
    assert events[-1].producer_end.died
    assert len(server.log.said(RUN)) == 101
    server.log.check_ends()


def test_what_another_scope_left_is_adopted(
    start: Callable[..., Running], server: GrpcServer, short_folder: Path
) -> None:
    other = short_folder / "scopes" / "earlier"
    die(other)
    agent = start()
    eventually(lambda: not process_names(ScopeFolders(other, other)))
    assert len(server.log.said(RUN)) == 101
    lock_fd = places.open_lock(other)
    eventually(lambda: places.try_lock(lock_fd))  # given back
    os.close(lock_fd)
    assert agent.thread.is_alive()


def test_a_scope_with_a_living_writer_is_left_alone(
    start: Callable[..., Running], server: GrpcServer, short_folder: Path
) -> None:
    other = ScopeFolders(short_folder / "scopes" / "other", short_folder / "scopes" / "other")
    other.disk.mkdir(parents=True)
    _, run = one_run(other)
    run.log_metric("loss", 0.5, 0, 7)
    agent = start()
    assert agent.ask(drain=spool_pb2.AgentDrain(timeout_ms=500)).code == 0
    assert not server.log.batches


def test_a_damaged_spool_is_set_aside(start: Callable[..., Running], server: GrpcServer) -> None:
    agent = start()
    bad = agent.folders.disk / f"p-{'0' * 32}"
    bad.mkdir(mode=0o700)
    (bad / "meta").write_bytes(b"garbage" * 1000)
    _, run = one_run(agent.folders)
    run.log_metric("loss", 0.5, 0, 7)
    assert agent.flush().code == 0
    assert (agent.folders.disk / "refused" / bad.name / "damaged.json").exists()
    assert bad.exists()


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


def test_it_leaves_when_there_is_nothing(start: Callable[..., Running]) -> None:
    agent = start(idle_seconds=0.0)
    agent.thread.join(20)
    assert not agent.thread.is_alive()
    fd = places.open_lock(agent.folders.disk)
    assert places.try_lock(fd)
    os.close(fd)


def test_it_stays_while_a_writer_lives(start: Callable[..., Running]) -> None:
    folders = start(idle_seconds=1e9).folders
    one_run(folders)
    agent = AgentClient(folders)
    status = spool_pb2.AgentRequest(status=spool_pb2.AgentStatusRequest())
    eventually(lambda: agent.call(status, 10).status.processes)


def test_many_clients_and_one_that_vanishes(start: Callable[..., Running]) -> None:
    agent = start()
    import socket

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
