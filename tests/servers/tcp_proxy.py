"""A TCP proxy that does what a network does: cuts connections, and loses answers."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from collections.abc import Iterator


class TcpProxy:
    """Leads to a port of this machine, from construction until `close`.

    `cut_after` bytes towards the server the next connection that gets so far is broken
    off, once. `lose_answer`: a request arrives, and its answer never does. `bytes_up`
    counts what went towards the server, `cuts` and `lost` what was done to connections.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.bytes_up = 0
        self.cuts = 0
        self.lost = 0
        self._cut_at: int | None = None
        self._answers_to_lose: list[bytes] = []
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

    def lose_answer(self, request_part: bytes) -> None:
        """Break the connection on which the next request with this part is answered.

        request_part: a regular expression.
        """
        with self._guard:
            self._answers_to_lose.append(request_part)

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
            doomed = threading.Event()
            for pump, source, target in (
                (self._up, client, server),
                (self._down, server, client),
            ):
                threading.Thread(target=pump, args=(source, target, doomed), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket, doomed: threading.Event) -> None:
        with self._until_broken(client, server):
            while data := client.recv(64 * 1024):
                if self._cuts(len(data)):
                    return
                if self._loses(data):
                    doomed.set()
                server.sendall(data)

    def _down(self, server: socket.socket, client: socket.socket, doomed: threading.Event) -> None:
        with self._until_broken(server, client):
            while data := server.recv(64 * 1024):
                if doomed.is_set():
                    self.lost += 1
                    return
                client.sendall(data)

    @contextlib.contextmanager
    def _until_broken(self, *both: socket.socket) -> Iterator[None]:
        with contextlib.suppress(OSError):
            yield
        for connection in both:
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

    def _loses(self, data: bytes) -> bool:
        with self._guard:
            for part in self._answers_to_lose:
                if re.search(part, data):
                    self._answers_to_lose.remove(part)
                    return True
        return False


def _break(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
