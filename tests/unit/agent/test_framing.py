from __future__ import annotations

import socket
import struct
from collections.abc import Iterator

import pytest

from runstream.agent import framing

Pair = tuple[socket.socket, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    left, right = socket.socketpair()
    yield left, right
    left.close()
    right.close()


def test_messages_come_whole(pair: Pair) -> None:
    for message in (b"", b"x", bytes(100_000)):
        framing.send(pair[0], message)
        assert framing.receive(pair[1]) == message


def test_an_end_between_messages_is_an_end(pair: Pair) -> None:
    pair[0].close()
    assert framing.receive(pair[1]) is None


@pytest.mark.parametrize("part", [b"\x05", struct.pack("<I", 5), struct.pack("<I", 5) + b"ab"])
def test_an_end_within_a_message_is_an_error(pair: Pair, part: bytes) -> None:
    pair[0].sendall(part)
    pair[0].close()
    with pytest.raises(ConnectionError):
        framing.receive(pair[1])


def test_a_mad_length_is_refused(pair: Pair) -> None:
    pair[0].sendall(b"\xff\xff\xff\xff")
    with pytest.raises(framing.BadMessageError):
        framing.receive(pair[1])
