"""Spools for the agent's tests."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runstream.agent.destination import Destination
from runstream.agent.mailbox import Mailbox
from runstream.spool.folders import ScopeFolders
from runstream.spool.writer import ProcessSpool
from tests.unit.agent.grpc_server import GrpcServer
from tests.unit.agent.helpers import address_of
from tests.unit.agent.memory import MemorySpool
from tests.unit.agent.running import Running


@pytest.fixture
def spool() -> MemorySpool:
    """What one process wrote, in memory."""
    return MemorySpool()


@pytest.fixture
def folders() -> Iterator[ScopeFolders]:
    """A scope with one folder; on tmpfs where there is one, for a busy disk makes tests slow."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        folder = Path(name) / "scope"
        folder.mkdir(mode=0o700)
        yield ScopeFolders(folder, folder)


@pytest.fixture
def writer(folders: ScopeFolders) -> ProcessSpool:
    """The spool that a process in `folders` writes: this one."""
    return ProcessSpool.create(folders, identity={"host": "node7", "client": "test/1"})


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder whose name is short enough for a socket's path."""
    with tempfile.TemporaryDirectory(prefix="rs-") as name:
        yield Path(name)


@pytest.fixture
def server(short_folder: Path) -> Iterator[GrpcServer]:
    """A real server on Unix sockets."""
    made = GrpcServer(short_folder)
    yield made
    made.close()


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """The main thread's mailbox; the test is the main thread."""
    made = Mailbox()
    yield made
    made.close()


@pytest.fixture
def destination(server: GrpcServer, mailbox: Mailbox) -> Iterator[Destination]:
    """A destination that leads to `server`."""
    made = Destination("file:///data", lambda uri: address_of(server), mailbox)
    yield made
    made.close()


@pytest.fixture
def start(short_folder: Path, server: GrpcServer) -> Iterator[Callable[..., Running]]:
    """Begins an agent in a scope of its own."""
    running: list[Running] = []

    def begin(idle_seconds: float = 1e9) -> Running:
        folder = short_folder / "scopes" / "own"
        folder.mkdir(parents=True, exist_ok=True)
        running.append(Running(ScopeFolders(folder, folder), server, idle_seconds))
        return running[-1]

    yield begin
    for one in running:
        one.end()
