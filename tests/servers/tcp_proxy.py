"""A TCP proxy that can take answers away: the request arrives, its answer never does."""

from __future__ import annotations

import contextlib
import re
import socket
import threading


class TcpProxy:
    """Listens on a free port of 127.0.0.1 and forwards to another one."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._answers_to_lose: list[bytes] = []
        #: How many answers were lost.
        self.lost = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_answer(self, request_part: bytes) -> None:
        """Break the connection on which the next request with this part is answered.

        request_part: a regular expression.
        """
        with self._lock:
            self._answers_to_lose.append(request_part)

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # The listener was closed.
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.create_connection(("127.0.0.1", self._target_port))
        doomed = threading.Event()
        back = threading.Thread(target=self._back, args=(server, client, doomed), daemon=True)
        back.start()
        with contextlib.suppress(OSError):
            while data := client.recv(1 << 20):
                if self._is_doomed(data):
                    doomed.set()
                server.sendall(data)
        _close(server)
        back.join()
        client.close()
        server.close()

    def _back(self, server: socket.socket, client: socket.socket, doomed: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(1 << 20):
                if doomed.is_set():
                    self.lost += 1
                    break
                client.sendall(data)
        _close(client)

    def _is_doomed(self, data: bytes) -> bool:
        with self._lock:
            for part in self._answers_to_lose:
                if re.search(part, data):
                    self._answers_to_lose.remove(part)
                    return True
        return False


def _close(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
