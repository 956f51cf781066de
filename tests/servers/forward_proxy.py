"""A forward proxy as companies have one: CONNECT and plain HTTP, with a login of its own.

It alone knows the names in `hosts`, so what comes through has come through it.
"""

from __future__ import annotations

import base64
import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit

Address = tuple[str, int]


class ForwardProxy:
    """hosts: name → address on loopback. connect: whether CONNECT is allowed."""

    def __init__(self, hosts: dict[str, str], user: str, password: str, connect: bool) -> None:
        self._hosts = hosts
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._login = f"proxy-authorization: basic {pair}".lower()
        self._connect = connect
        self.asked: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            head = b""
            while b"\r\n\r\n" not in head:
                chunk = client.recv(65536)
                if not chunk:
                    return
                head += chunk
            lines = head.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
            method, target, _ = lines[0].split(" ")
            self.asked.append(f"{method} {target}")
            if self._login not in (line.lower() for line in lines[1:]):
                client.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
                return
            if method == "CONNECT":
                self._tunnel(client, target)
            else:
                self._forward(client, target, head)

    def _tunnel(self, client: socket.socket, target: str) -> None:
        if not self._connect:
            client.sendall(b"HTTP/1.1 403 Forbidden\r\n\r\n")
            return
        host, _, port = target.rpartition(":")
        with socket.create_connection((self._hosts[host], int(port))) as server:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _both_ways(client, server)

    def _forward(self, client: socket.socket, target: str, head: bytes) -> None:
        parts = urlsplit(target)
        address = (self._hosts[parts.hostname or ""], parts.port or 80)
        with socket.create_connection(address) as server:
            server.sendall(head.replace(target.encode(), (parts.path or "/").encode(), 1))
            _both_ways(client, server, origin=f"{parts.scheme}://{parts.netloc}".encode())


def _both_ways(one: socket.socket, other: socket.socket, origin: bytes = b"") -> None:
    back = threading.Thread(target=_copy, args=(other, one, b""), daemon=True)
    back.start()
    _copy(one, other, origin)
    back.join()


def _copy(source: socket.socket, target: socket.socket, origin: bytes) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            # Later requests of a kept connection name the origin as well.
            target.sendall(chunk.replace(b" " + origin, b" ") if origin else chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
