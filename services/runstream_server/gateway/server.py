"""The HTTP server: uvicorn in a thread, on a socket that we bound."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp

_BACKLOG = 512


def tcp_socket(host: str, port: int) -> socket.socket:
    """A listening socket. Raises OSError when the address cannot be had."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    with _closed_on_error(listener):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    return listener


def unix_socket(path: str | os.PathLike[str]) -> socket.socket:
    """A listening Unix socket, for its owner alone."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with _closed_on_error(listener):
        listener.bind(os.fspath(path))
        os.chmod(path, 0o600)
        listener.listen(_BACKLOG)
    return listener


class HttpServer:
    """Serves an application on a listening socket, in a thread of its own."""

    def __init__(self, app: ASGIApp, listener: socket.socket, grace_seconds: int) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=grace_seconds,
        )
        self._listener = listener
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)

    def start(self) -> None:
        """Requests are answered from now on; the kernel queues earlier ones."""
        self._thread.start()

    def close(self) -> None:
        """Takes no new request, lets those in hand finish. May be called twice."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        self._server.run(sockets=[self._listener])


@contextlib.contextmanager
def _closed_on_error(listener: socket.socket) -> Iterator[None]:
    try:
        yield
    except BaseException:
        listener.close()
        raise
