"""Networks that are cut, silent or slow, and well again."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.e2e.faults.proxy import Proxy
from tests.e2e.harness import eventually

_BROKEN = r"reset|Broken"


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    made = Proxy()
    yield made
    made.close()


@pytest.fixture
def echo() -> Iterator[int]:
    """Answers every piece with the same."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(connection: socket.socket) -> None:
        with connection:
            while piece := connection.recv(4096):
                connection.sendall(piece)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1]
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def asked(connection: socket.socket) -> bytes:
    connection.sendall(b"ping")
    return connection.recv(4096)


def test_what_is_sent_arrives(proxy: Proxy, echo: int) -> None:
    with connected(proxy.link("net", echo)) as connection:
        assert asked(connection) == b"ping"


def test_a_cut_resets_old_connections_and_new_ones(proxy: Proxy, echo: int) -> None:
    port = proxy.link("net", echo)
    with connected(port) as old:
        assert asked(old) == b"ping"
        proxy.become("net", "cut")
        with pytest.raises(OSError, match=_BROKEN):
            old.recv(1) or asked(old) or asked(old)
    with connected(port) as new, pytest.raises(OSError, match=_BROKEN):
        asked(new) or asked(new)
    proxy.become("net", "clear")
    with connected(port) as healed:
        assert asked(healed) == b"ping"


def test_what_was_sent_into_silence_arrives_when_it_ends(proxy: Proxy, echo: int) -> None:
    port = proxy.link("net", echo)
    with connected(port) as connection:
        assert asked(connection) == b"ping"
        proxy.become("net", "silence")
        connection.sendall(b"late")
        connection.settimeout(0.2)
        with pytest.raises(TimeoutError):
            connection.recv(4)
        connection.settimeout(30)
        proxy.become("net", "clear")
        assert connection.recv(4) == b"late"


def test_a_slow_network_is_slow(proxy: Proxy, echo: int) -> None:
    with connected(proxy.link("net", echo)) as connection:
        proxy.become("net", "slow")
        began = time.monotonic()
        assert asked(connection) == b"ping"
        assert time.monotonic() - began >= 0.2


def test_a_target_that_is_away_refuses(proxy: Proxy, echo: int) -> None:
    port = proxy.link("net", 1)
    with connected(port) as connection:
        eventually(lambda: connection.recv(1) == b"")
