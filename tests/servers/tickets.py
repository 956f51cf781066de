"""What the holder of a ticket does with it."""

from __future__ import annotations

from http.client import HTTPConnection
from urllib.parse import urlsplit

from runstream.v1 import artifacts_pb2 as artifacts


def follow(ticket: artifacts.Ticket, body: bytes | None = None) -> tuple[int, bytes]:
    """Make the request of an absolute ticket: the status, and the body of the answer."""
    headers = {header.name: header.value for header in ticket.headers}
    return request(ticket.method, ticket.url, body, headers)


def request(
    method: str, url: str, body: bytes | None, headers: dict[str, str]
) -> tuple[int, bytes]:
    """Any other request."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=60)
    try:
        connection.request(method, f"{parts.path}?{parts.query}", body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
