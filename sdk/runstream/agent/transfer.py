"""One HTTP request by a ticket: bytes of an artifact up or down, in constant memory."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Callable, Iterator
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from runstream.agent.limits import HTTP_CHUNK_BYTES, HTTP_TIMEOUT_SECONDS
from runstream.v1 import artifacts_pb2

_ERROR_TEXT_BYTES = 2000
Progress = Callable[[int], None]


class TransferError(Exception):
    """The request did not go through; it may be made again.

    status: of the HTTP answer, 0 when there was none.
    """

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class ContentChangedError(Exception):
    """The bytes are not those that were promised: trying again does not help."""


class _UnixConnection(HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def connect(url: str, base: str) -> tuple[HTTPConnection, str]:
    """A connection for a ticket's URL, and the path to ask it for.

    base: where a relative URL leads: "http://host:port/prefix" or "unix:/path".
    """
    if "://" in url:
        parts = urlsplit(url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        return kind(parts.hostname or "", parts.port, timeout=HTTP_TIMEOUT_SECONDS), path or "/"
    if base.startswith("unix:"):
        return _UnixConnection(base.removeprefix("unix:"), HTTP_TIMEOUT_SECONDS), url
    if not base:
        raise TransferError("the server did not say where its HTTP address is")
    return connect(base.rstrip("/") + "/" + url.lstrip("/"), "")


def put(
    ticket: artifacts_pb2.Ticket,
    base: str,
    source: Path,
    expected: tuple[int, bytes],
    progress: Progress,
) -> None:
    """Send a file. Raises TransferError, ContentChangedError, or OSError of the file.

    expected: size in bytes and SHA-256 of the content.
    """
    size_bytes, sha256 = expected
    digest = hashlib.sha256()
    with open(source, "rb") as file:
        if os.fstat(file.fileno()).st_size != size_bytes:
            raise ContentChangedError(f"{source.name} has not the size that was logged")
        body = _chunks(file, digest.update, progress)
        headers = {"Content-Length": str(size_bytes)}
        headers.update({header.name: header.value for header in ticket.headers})
        with _Request(ticket, base, headers, body) as response:
            response.read()
        if digest.digest() != sha256:
            raise ContentChangedError(f"{source.name} has not the content that was logged")


def get(
    ticket: artifacts_pb2.Ticket,
    base: str,
    destination: Path,
    expected: tuple[int, bytes],
    progress: Progress,
) -> None:
    """Fetch an object into a file, which is there whole or not at all."""
    size_bytes, sha256 = expected
    digest, received = hashlib.sha256(), 0
    destination.parent.mkdir(parents=True, exist_ok=True)
    part = destination.with_name(f".{destination.name}.{os.getpid()}.part")
    headers = {header.name: header.value for header in ticket.headers}
    try:
        with open(part, "wb") as file, _Request(ticket, base, headers, None) as response:
            while chunk := _read(response):
                file.write(chunk)
                digest.update(chunk)
                received += len(chunk)
                progress(len(chunk))
        if received != size_bytes or (sha256 and digest.digest() != sha256):
            raise TransferError(f"{destination.name}: {received} of {size_bytes} bytes came whole")
        os.replace(part, destination)
    finally:
        part.unlink(missing_ok=True)


def _read(response: HTTPResponse) -> bytes:
    try:
        return response.read(HTTP_CHUNK_BYTES)
    except (OSError, HTTPException) as error:
        raise TransferError(f"the connection broke: {error}") from error


def _chunks(
    file: BinaryIO, digest: Callable[[bytes], object], progress: Progress
) -> Iterator[bytes]:
    while chunk := file.read(HTTP_CHUNK_BYTES):
        digest(chunk)
        yield chunk
        progress(len(chunk))


class _Request:
    """A ticket's request under way; the answer's body is read inside the block."""

    def __init__(
        self,
        ticket: artifacts_pb2.Ticket,
        base: str,
        headers: dict[str, str],
        body: Iterator[bytes] | None,
    ) -> None:
        self._ticket, self._headers, self._body = ticket, headers, body
        self._connection, self._path = connect(ticket.url, base)

    def __enter__(self) -> HTTPResponse:
        try:
            self._connection.request(self._ticket.method, self._path, self._body, self._headers)
            response = self._connection.getresponse()
        except (OSError, HTTPException) as error:
            self._connection.close()
            raise TransferError(f"{self._ticket.method} failed: {error}") from error
        if not 200 <= response.status < 300:
            text = response.read(_ERROR_TEXT_BYTES).decode("utf-8", "replace")
            self._connection.close()
            raise TransferError(f"the store answered {response.status}: {text}", response.status)
        return response

    def __exit__(self, *_: object) -> None:
        self._connection.close()
