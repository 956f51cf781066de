"""A TCP proxy that can cut: what a network does to a connection."""

from __future__ import annotations

import contextlib
import socket
import threading


class CuttingProxy:
    """Leads to a port of this machine, from construction until `close`.

    `cut_after` bytes towards the server the next connection that gets so far is
    broken off, once. `bytes_up` counts what went towards the server.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.bytes_up = 0
        self.cuts = 0
        self._cut_at: int | None = None
        self._guard = threading.Lock()
        self._open: set[socket.socket] = set()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut_after(self, more_bytes: int) -> None:
        """Break the connection that carries the byte so far from now on."""
        with self._guard:
            self._cut_at = self.bytes_up + more_bytes

    def cut_all(self) -> None:
        """Break every connection that is open."""
        with self._guard:
            connections = list(self._open)
        for connection in connections:
            _break(connection)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_all()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            try:
                server = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                _break(client)
                continue
            with self._guard:
                self._open |= {client, server}
            threading.Thread(target=self._pump, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._pump, args=(server, client, False), daemon=True).start()

    def _pump(self, source: socket.socket, target: socket.socket, up: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(64 * 1024):
                if up and self._cuts(len(data)):
                    _break(source)
                    break
                target.sendall(data)
        for connection in (source, target):
            _break(connection)
            with self._guard:
                self._open.discard(connection)

    def _cuts(self, count: int) -> bool:
        with self._guard:
            self.bytes_up += count
            cut = self._cut_at is not None and self.bytes_up >= self._cut_at
            if cut:
                self._cut_at, self.cuts = None, self.cuts + 1
            return cut


def _break(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
