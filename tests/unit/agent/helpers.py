"""Small helpers for tests that talk to a real server."""

from __future__ import annotations

import select
import time
from collections.abc import Callable

from runstream.agent.address import Address
from runstream.agent.mailbox import Mailbox
from tests.unit.agent.grpc_server import GrpcServer


def address_of(server: GrpcServer) -> Address:
    """Where it listens."""
    return Address(server.address, http_base=server.http_address, local=True)


def eventually(check: Callable[[], object], mailbox: Mailbox | None = None) -> None:
    """Run the main thread's work until `check()` is true; fail after ten seconds."""
    deadline = time.monotonic() + 10.0
    while not check():
        assert time.monotonic() < deadline, "not in time"
        fds = [mailbox.read_fd] if mailbox is not None else []
        select.select(fds, [], [], 0.01)
        if mailbox is not None:
            mailbox.run()
