"""What a request of ClickHouse's HTTP protocol says: body, statement, parameters, settings."""

from __future__ import annotations

import gzip
import re
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, Protocol

import lz4.frame

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Keys of a URL that are no settings of the engine.
_TRANSPORT = frozenset(
    {
        "buffer_size",
        "client_protocol_version",
        "compress",
        "database",
        "decompress",
        "default_format",
        "enable_http_compression",
        "http_headers_progress_interval_ms",
        "password",
        "query",
        "query_id",
        "quota_key",
        "role",
        "send_progress_in_http_headers",
        "session_check",
        "session_id",
        "session_timeout",
        "user",
        "wait_end_of_query",
        # Of the server's own HTTP handler.
        "cancel_http_readonly_queries_on_client_close",
    }
)

_FORMAT = re.compile(rb"\bFORMAT\s+(\w+)\s*;?\s*$", re.IGNORECASE)
# An INSERT whose data follow: exactly one newline after the format belongs to the statement.
_INSERT = re.compile(rb"(\s*INSERT\s+INTO\s.*?)\bFORMAT\s+(\w+)[ \t]*(?:\n|$)", re.I | re.S)
_OWN_DATA = re.compile(rb"\b(SELECT|VALUES|INFILE|WITH)\b", re.IGNORECASE)
_QUOTED = re.compile(rb"`[^`]*`|'(?:[^'\\]|\\.)*'")
_ROWS = re.compile(rb"\s*(?:/\*.*?\*/\s*|--[^\n]*\n\s*)*(SELECT|WITH|\()", re.IGNORECASE | re.S)


class BadBodyError(Exception):
    """The body is not what its headers say."""


class DataFile(Protocol):
    """Takes the data of an INSERT, piece by piece."""

    def write(self, piece: bytes, /) -> object: ...


@dataclass
class Request:
    """statement: as bytes. The data of an INSERT that brings its own are in a DataFile."""

    statement: bytes
    parameters: dict[str, str] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    database: str = ""
    default_format: str = "TabSeparated"

    def insert(self) -> tuple[str, str] | None:
        """Head and format of an INSERT that brings its data."""
        found = _insert(self.statement)
        return (found[1].decode(), found[2].decode()) if found else None

    def output_format(self) -> str:
        found = _FORMAT.search(self.statement)
        return found[1].decode() if found else self.default_format

    def rows_statement(self) -> str | None:
        """The statement without its format, if it is one that gives rows."""
        if not _ROWS.match(self.statement):
            return None
        return _FORMAT.sub(b"", self.statement).decode()


def _insert(statement: bytes) -> re.Match[bytes] | None:
    found = _INSERT.match(statement)
    if found is None or _OWN_DATA.search(_QUOTED.sub(b"", found[1])):
        return None
    return found


def read_request(
    url_values: Mapping[str, str],
    headers: Mapping[str, str],
    pieces: Iterable[bytes],
    data: DataFile,
) -> Request:
    """pieces: of the body. The data of an INSERT go to `data` and nowhere else: a copy of
    them is fresh memory, which costs as much as what the engine then does with them."""
    values = dict(url_values)
    parts = decoded(pieces, headers.get("Content-Encoding", ""))
    query = values.get("query", "").encode()
    in_url = _insert(query)
    if in_url is not None and in_url.end() == len(query):
        for part in parts:
            data.write(part)
        return _request(query, values, headers)
    body = b"".join(parts)
    if headers.get("Content-Type", "").startswith("multipart/form-data"):
        values.update(form_values(headers["Content-Type"], body))
        query, body = values.get("query", "").encode(), b""
    statement = query + b"\n" + body if query and body else query or body
    in_body = _insert(statement)
    if in_body is not None:
        data.write(statement[in_body.end() :])
        statement = statement[: in_body.end()]
    return _request(statement, values, headers)


def _request(statement: bytes, values: Mapping[str, str], headers: Mapping[str, str]) -> Request:
    return Request(
        statement=statement,
        parameters={
            name.removeprefix("param_"): value
            for name, value in values.items()
            if name.startswith("param_")
        },
        settings={
            name: value
            for name, value in values.items()
            if name not in _TRANSPORT and not name.startswith("param_")
        },
        database=values.get("database", ""),
        default_format=values.get("default_format")
        or headers.get("X-ClickHouse-Format")
        or "TabSeparated",
    )


def form_values(content_type: str, body: bytes) -> dict[str, str]:
    """The fields of a form in several parts."""
    message = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body
    )
    values = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if not isinstance(name, str) or not isinstance(payload, bytes):
            raise BadBodyError("a form's part has no name")
        values[name] = payload.decode()
    return values


def decoded(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The pieces of a body before it was compressed; it may be of several frames."""
    if encoding in ("", "identity"):
        yield from pieces
        return
    try:
        decompressor = _DECOMPRESSORS[encoding]
    except KeyError:
        raise BadBodyError(f"unknown Content-Encoding {encoding}") from None
    try:
        yield from _decompressed(pieces, decompressor)
    except (RuntimeError, EOFError, zlib.error, zstd.ZstdError) as error:
        raise BadBodyError(f"the body is not {encoding}: {error}") from error


def _decompressed(pieces: Iterable[bytes], decompressor: Callable[[], Any]) -> Iterator[bytes]:
    frame: Any = None
    for piece in pieces:
        rest = piece
        while rest:
            frame = frame or decompressor()
            yield frame.decompress(rest)
            rest = b""
            if frame.eof:
                frame, rest = None, frame.unused_data or b""
    if frame is not None:
        raise EOFError("the last frame is not whole")


_DECOMPRESSORS: dict[str, Callable[[], Any]] = {
    "gzip": lambda: zlib.decompressobj(16 + zlib.MAX_WBITS),
    "lz4": lz4.frame.LZ4FrameDecompressor,
    "zstd": zstd.ZstdDecompressor,
}

_ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "lz4": lz4.frame.compress,
    "zstd": zstd.compress,
    "gzip": lambda body: gzip.compress(body, 1),
}


def encoded(body: bytes, accepted: str, enabled: bool) -> tuple[bytes, str]:
    """The body as the client wants it, and the name of that encoding."""
    names = [name.split(";")[0].strip() for name in accepted.split(",")]
    for name, encode in _ENCODERS.items():
        if enabled and name in names and body:
            return encode(body), name
    return body, ""
