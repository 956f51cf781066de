"""What processes and agents that are gone have left: ended, drained, removed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from runstream.agent import places
from runstream.spool.folders import ScopeFolders, process_names
from runstream.v1 import events_pb2, spool_pb2
from tests.unit.agent.grpc_server import GrpcServer
from tests.unit.agent.helpers import eventually
from tests.unit.agent.running import RUN, Running, die, one_run


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
