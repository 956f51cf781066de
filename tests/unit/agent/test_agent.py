"""The whole agent in a thread: real spools, a real socket, a real server."""

from __future__ import annotations

import os
from collections.abc import Callable

from runstream.agent import places
from runstream.agent.client import AgentClient
from runstream.agent.outcome import Refused
from runstream.v1 import spool_pb2, tracking_pb2
from tests.unit.agent.grpc_server import GrpcServer
from tests.unit.agent.helpers import eventually
from tests.unit.agent.running import RUN, URI, Running, one_run


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
    response = agent.flush(timeout_ms=100)
    assert (response.code, response.error_code) == (4, "DEADLINE_EXCEEDED")
    assert "1 points" in response.message
    assert "file:///data" in response.message
    server.start()
    assert agent.flush().code == 0
    assert len(server.log.said(RUN)) == 1


def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(
    start: Callable[..., Running], server: GrpcServer
) -> None:
    # Longer than the agent would wait by itself after a first failure.
    server.busy, server.busy_ms = 2, 700
    agent = start()
    _, run = one_run(agent.folders)
    run.log_metric("loss", 0.5, 0, 7)
    assert agent.flush().code == 0
    first, second, third = server.append_times
    assert second - first >= 0.7
    assert third - second >= 0.7
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
