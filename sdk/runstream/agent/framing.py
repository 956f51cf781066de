"""Messages on the agent's socket: u32 little-endian length, then the message."""

from __future__ import annotations

import socket
import struct

from runstream.agent.limits import SOCKET_MESSAGE_MAX_BYTES

_LENGTH = struct.Struct("<I")


class BadMessageError(Exception):
    """The other side does not speak this protocol."""


def send(connection: socket.socket, message: bytes) -> None:
    """Write one message. Raises OSError when the other side is gone."""
    connection.sendall(_LENGTH.pack(len(message)) + message)


def receive(connection: socket.socket) -> bytes | None:
    """Read one message; None when the other side closed between two messages.

    Raises OSError, ConnectionError when it closed within one, BadMessageError.
    """
    head = _exactly(connection, _LENGTH.size, may_end=True)
    if head is None:
        return None
    (length,) = _LENGTH.unpack(head)
    if length > SOCKET_MESSAGE_MAX_BYTES:
        raise BadMessageError(f"a message of {length} bytes; at most {SOCKET_MESSAGE_MAX_BYTES}")
    return _exactly(connection, length) or b""


def _exactly(connection: socket.socket, count: int, may_end: bool = False) -> bytes | None:
    data = bytearray(count)
    view, have = memoryview(data), 0
    while have < count:
        received = connection.recv_into(view[have:])
        if not received:
            if may_end and not have:
                return None
            raise ConnectionError("the connection closed within a message")
        have += received
    return bytes(data)
