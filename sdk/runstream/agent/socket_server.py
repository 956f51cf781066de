"""The agent's socket: a thread that accepts, a thread per connection."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from google.protobuf.message import DecodeError

from runstream.agent import framing, places
from runstream.v1 import spool_pb2

_log = logging.getLogger(__name__)
_BACKLOG = 512

Answer = Callable[[spool_pb2.AgentResponse], None]
# Gives its answers to `Answer`, the final one last. Runs on the connection's thread.
Handler = Callable[[spool_pb2.AgentRequest, Answer], None]


class ClientGoneError(Exception):
    """Nobody is there to answer to: the work in hand may be given up."""


class SocketServer:
    """Listens from construction until `close`."""

    def __init__(self, folder: Path, handler: Handler) -> None:
        """Raises OSError when the folder takes no socket."""
        self._handler = handler
        self._path = folder / places.SOCKET
        self._open = 0
        self._guard = threading.Lock()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        with places.socket_path(folder) as path:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._path)  # of an agent that was killed; the lock is ours
            self._listener.bind(path)
        os.chmod(self._path, 0o600)
        self._listener.listen(_BACKLOG)
        threading.Thread(target=self._accept, name="accept", daemon=True).start()

    @property
    def connections(self) -> int:
        """How many are open."""
        return self._open

    def close(self) -> None:
        """Accept nothing more. Open connections end with the process."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        # The path stays: by now it may be the next agent's.
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:  # closed
                return
            with self._guard:
                self._open += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            with connection:
                while (message := framing.receive(connection)) is not None:
                    self._answer(connection, message)
        except (OSError, ClientGoneError, framing.BadMessageError) as error:
            _log.debug("a connection ended: %s", error)
        finally:
            with self._guard:
                self._open -= 1

    def _answer(self, connection: socket.socket, message: bytes) -> None:
        def answer(response: spool_pb2.AgentResponse) -> None:
            try:
                framing.send(connection, response.SerializeToString())
            except OSError as error:
                raise ClientGoneError(str(error)) from error

        try:
            request = spool_pb2.AgentRequest.FromString(message)
        except DecodeError as error:
            raise framing.BadMessageError(str(error)) from error
        try:
            self._handler(request, answer)
        except ClientGoneError:
            raise
        except Exception as error:
            _log.exception("a request failed")
            answer(
                spool_pb2.AgentResponse(code=13, error_code="INTERNAL_ERROR", message=repr(error))
            )
