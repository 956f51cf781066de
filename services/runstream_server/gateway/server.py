"""The HTTP server: uvicorn in a thread, on a socket that we bound."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import ssl
import threading
from collections.abc import Iterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from runstream_server.doors.tls import Tls

_BACKLOG = 512
_log = logging.getLogger(__name__)


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

    def __init__(
        self,
        app: ASGIApp,
        listener: socket.socket,
        grace_seconds: int,
        tls: Tls | None = None,
    ) -> None:
        self._config = config = uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
            server_header=False,
            timeout_graceful_shutdown=grace_seconds,
            **_tls_options(tls),
        )
        config.load()
        self._tls = tls
        self._tls_seen = tls.signature() if tls else ()
        self._listener = listener
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, name="http", daemon=True)

    def start(self) -> None:
        """Requests are answered from now on; the kernel queues earlier ones."""
        self._thread.start()

    def tend(self) -> None:
        """Use a renewed certificate for new connections. Call it now and then."""
        if self._tls is None or self._config.ssl is None:
            return
        try:
            signature = self._tls.signature()
            if signature == self._tls_seen:
                return
            self._tls_seen = signature
            self._tls.check()
            self._config.ssl.load_cert_chain(self._tls.cert, self._tls.key)
        except OSError as error:
            _log.error("the new certificate %s is no good: %s", self._tls.cert, error)

    def close(self) -> None:
        """Takes no new request, lets those in hand finish. May be called twice."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        self._server.run(sockets=[self._listener])


def _tls_options(tls: Tls | None) -> dict[str, Any]:
    if tls is None:
        return {}
    options: dict[str, Any] = {"ssl_certfile": str(tls.cert), "ssl_keyfile": str(tls.key)}
    if tls.client_ca is not None:
        options.update(ssl_ca_certs=str(tls.client_ca), ssl_cert_reqs=ssl.CERT_REQUIRED)
    return options


@contextlib.contextmanager
def _closed_on_error(listener: socket.socket) -> Iterator[None]:
    try:
        yield
    except BaseException:
        listener.close()
        raise
