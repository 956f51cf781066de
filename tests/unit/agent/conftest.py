"""Spools for the agent's tests."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from runstream.agent.destination import Destination
from runstream.agent.mailbox import Mailbox
from runstream.spool.folders import ScopeFolders
from tests.unit.agent.grpc_server import GrpcServer
from tests.unit.agent.helpers import address_of
from tests.unit.agent.memory import MemorySpool


@pytest.fixture
def spool() -> MemorySpool:
    """What one process wrote, in memory."""
    return MemorySpool()


@pytest.fixture
def folders(tmp_path: Path) -> ScopeFolders:
    """A scope with one folder."""
    folder = tmp_path / "scope"
    folder.mkdir(mode=0o700)
    return ScopeFolders(folder, folder)


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
