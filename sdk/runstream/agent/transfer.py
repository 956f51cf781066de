"""One HTTP request by a ticket: bytes of an artifact up or down, in constant memory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

from runstream.agent.http_way import HttpBase, Way, way_out, way_to
from runstream.agent.limits import HTTP_CHUNK_BYTES, HTTP_TIMEOUT_SECONDS
from runstream.agent.proxies import ProxyError
from runstream.agent.tls import TlsError
from runstream.v1 import artifacts_pb2

_ERROR_TEXT_BYTES = 2000
_PARTIAL = 206
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


def connect(url: str, base: HttpBase) -> Way:
    """The way to a ticket's URL; its target is what to ask for. Raises TransferError.

    Our credentials go along to the server itself, never to another store.
    """
    try:
        if "://" in url:
            parts = urlsplit(url)
            way = way_out(url, base.access, HTTP_TIMEOUT_SECONDS, foreign=True)
            path = parts.path + (f"?{parts.query}" if parts.query else "")
            return way._replace(target=way.target + (path or "/"))
        if not base.url:
            raise TransferError("the server did not say where its HTTP address is")
        way = way_to(base, HTTP_TIMEOUT_SECONDS)
        return way._replace(target=f"{way.target}/{url.lstrip('/')}")
    except (ProxyError, TlsError) as error:
        raise TransferError(str(error)) from error


def put(
    ticket: artifacts_pb2.Ticket, base: HttpBase, file: BinaryIO, sha256: bytes, progress: Progress
) -> None:
    """Send a file. Raises TransferError, ContentChangedError, or OSError of the file."""
    digest = hashlib.sha256()
    size_bytes = os.fstat(file.fileno()).st_size
    chunks = _chunks(file.fileno(), 0, size_bytes, progress, digest.update)
    _put(ticket, base, size_bytes, chunks)
    if digest.digest() != sha256:
        raise ContentChangedError("it has not the content that was logged")


def put_range(
    ticket: artifacts_pb2.Ticket, base: HttpBase, source: tuple[int, int, int], progress: Progress
) -> None:
    """Send a piece of an open file; the store knows its checksum.

    source: file descriptor, first byte, number of bytes.
    """
    _put(ticket, base, source[2], _chunks(*source, progress, lambda chunk: None))


def _put(
    ticket: artifacts_pb2.Ticket, base: HttpBase, size_bytes: int, chunks: Iterator[bytes]
) -> None:
    headers = {"Content-Length": str(size_bytes)}
    headers.update({header.name: header.value for header in ticket.headers})
    with _Request(ticket, base, headers, chunks) as response:
        _read(response)


class Landing:
    """A file on its way down: it is there whole, or not at all.

    What has come stays when a request breaks off; the next one asks for the
    rest. Use as a context.

    expected: size in bytes and SHA-256 of the content (empty: not known).
    progress: gets counts of bytes; less than 0 when some have to come again.
    """

    def __init__(self, target: Path, expected: tuple[int, bytes], progress: Progress) -> None:
        self._target = target
        self._size_bytes, self._sha256 = expected
        self._progress = progress
        self._digest = hashlib.sha256()
        #: How many bytes have come.
        self.received = 0
        target.parent.mkdir(parents=True, exist_ok=True)
        self._part = target.with_name(f".{target.name}.{os.getpid()}.part")
        self._file = open(self._part, "wb")  # noqa: SIM115 - closed with the context

    def __enter__(self) -> Landing:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._part.unlink(missing_ok=True)

    def fetch(self, ticket: artifacts_pb2.Ticket, base: HttpBase) -> None:
        """Fetch what is missing. Raises as `put` does."""
        headers = {header.name: header.value for header in ticket.headers}
        if self.received:
            headers["Range"] = f"bytes={self.received}-"
        with _Request(ticket, base, headers, None) as response:
            if response.status != _PARTIAL:
                self._forget()
            while chunk := _read(response):
                self._file.write(chunk)
                self._digest.update(chunk)
                self.received += len(chunk)
                self._progress(len(chunk))
        self._finish()

    def _finish(self) -> None:
        received = self.received
        if received < self._size_bytes:
            raise TransferError(f"{received} of {self._size_bytes} bytes came")
        if received > self._size_bytes or self._sha256 not in (b"", self._digest.digest()):
            self._forget()
            raise ContentChangedError(f"{received} bytes came, and are not those that were logged")
        self._file.close()
        os.replace(self._part, self._target)

    def _forget(self) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._progress(-self.received)
        self._digest, self.received = hashlib.sha256(), 0


def _read(response: HTTPResponse) -> bytes:
    try:
        return response.read(HTTP_CHUNK_BYTES)
    except (OSError, HTTPException) as error:
        raise TransferError(f"the connection broke: {error}") from error


def _chunks(
    descriptor: int,
    start: int,
    size_bytes: int,
    progress: Progress,
    seen: Callable[[bytes], object],
) -> Iterator[bytes]:
    end = start + size_bytes
    while start < end:
        chunk = os.pread(descriptor, min(HTTP_CHUNK_BYTES, end - start), start)
        if not chunk:
            raise ContentChangedError("it has become shorter")
        seen(chunk)
        yield chunk
        start += len(chunk)
        progress(len(chunk))


class _Request:
    """A ticket's request under way; the answer's body is read inside the block."""

    def __init__(
        self,
        ticket: artifacts_pb2.Ticket,
        base: HttpBase,
        headers: dict[str, str],
        body: Iterator[bytes] | None,
    ) -> None:
        self._ticket, self._body = ticket, body
        self._connection, self._path, more = connect(ticket.url, base)
        self._headers = {**headers, **more}

    def __enter__(self) -> HTTPResponse:
        try:
            response = self._answer()
        except BaseException:
            self._connection.close()
            raise
        if not 200 <= response.status < 300:
            text = _read(response)[:_ERROR_TEXT_BYTES].decode("utf-8", "replace")
            self._connection.close()
            raise TransferError(f"the store answered {response.status}: {text}", response.status)
        return response

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def _answer(self) -> HTTPResponse:
        try:
            try:
                self._connection.request(self._ticket.method, self._path, self._body, self._headers)
            except (BrokenPipeError, ConnectionResetError):
                # It may have refused before it had read all, and said why.
                if self._connection.sock is None:
                    raise
            return self._connection.getresponse()
        except (OSError, HTTPException) as error:
            raise TransferError(f"{self._ticket.method} failed: {error}") from error
