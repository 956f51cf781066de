"""A process's side of the agent's socket. Imports neither gRPC nor, when loaded, protobuf."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from runstream.agent import framing, places
from runstream.agent.start import ensure_agent
from runstream.spool.folders import ScopeFolders

if TYPE_CHECKING:
    from runstream.v1 import spool_pb2

_FIRST_PAUSE_SECONDS = 0.005
_MAX_PAUSE_SECONDS = 0.2


class AgentUnavailable(Exception):  # noqa: N818 - says what is, as SpoolFull does
    """No agent answered in time; what is spooled is safe, and is sent when one runs."""


class AgentClient:
    """Calls to the agent of a scope. Stateless: safe in threads and after a fork."""

    def __init__(self, folders: ScopeFolders) -> None:
        self._folders = folders

    def call(
        self,
        request: spool_pb2.AgentRequest,
        timeout: float,
        on_progress: Callable[[spool_pb2.AgentProgress], None] | None = None,
    ) -> spool_pb2.AgentResponse:
        """The final answer to `request`, at most `timeout` seconds later.

        Starts an agent when none lives. A call whose agent dies is made again
        with the next one: every request may be repeated. Raises
        AgentUnavailable; an error of the server is an answer with a code.
        """
        deadline = time.monotonic() + timeout
        message = request.SerializeToString()
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                return self._once(message, deadline, on_progress)
            except (OSError, framing.BadMessageError) as error:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise AgentUnavailable(
                        f"the agent of {self._folders.disk} did not answer within "
                        f"{timeout:g} seconds: {error}; its log is agent.log there"
                    ) from error
                if not ensure_agent(self._folders):
                    raise AgentUnavailable("no agent can be started here") from error
            time.sleep(min(pause, max(0.0, left)))
            pause = min(2 * pause, _MAX_PAUSE_SECONDS)

    def _once(
        self,
        message: bytes,
        deadline: float,
        on_progress: Callable[[spool_pb2.AgentProgress], None] | None,
    ) -> spool_pb2.AgentResponse:
        from runstream.v1 import spool_pb2

        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_left(deadline))
            with places.socket_path(self._folders.disk) as path:
                connection.connect(path)
            framing.send(connection, message)
            while True:
                connection.settimeout(_left(deadline))
                answer = framing.receive(connection)
                if answer is None:
                    raise ConnectionError("the agent left without an answer")
                response = spool_pb2.AgentResponse.FromString(answer)
                if not response.HasField("progress"):
                    return response
                if on_progress is not None:
                    on_progress(response.progress)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return left
