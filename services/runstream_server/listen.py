"""Where a person wants a server."""

from __future__ import annotations

from typing import NamedTuple


class Listen(NamedTuple):
    """The address and the ports of a process; port 0 is any free one."""

    host: str
    port: int
    grpc_port: int
