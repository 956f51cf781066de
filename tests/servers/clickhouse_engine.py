"""Statements for the engine in this process, each on a handle of its own.

A handle keeps what SET and USE did, and after an error begins its next answer
with what the failed one had written: so none is used twice. Making one takes
0.2 ms.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from dataclasses import dataclass
from typing import IO, Any

import chdb

from tests.servers.clickhouse_requests import Request

_CODE = re.compile(r"Code: (\d+)\. DB::Exception.*", re.DOTALL)
_SETTINGS = re.compile(r"\bSETTINGS\s+\w+\s*=", re.IGNORECASE)
# What clickhouse-go asks first. It reads blocks as of the revision that it is told.
_HELLO = re.compile(rb"\s*SELECT\s+displayName\(\),\s*version\(\),\s*revision\(\)", re.IGNORECASE)

SYNTAX_ERROR = 62


class RefusedError(Exception):
    """The engine's answer is an error: its code, and the text as a server would send it."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


@dataclass
class Answer:
    """format: of the body; empty when the statement has no result."""

    body: bytes
    format: str = ""
    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0


class Engine:
    """Any thread may call; one engine per process and folder."""

    def __init__(self, connect_string: str) -> None:
        self._connect_string = connect_string
        # The last handle closed would stop the engine.
        self._keeper = self._handle()
        self.timezone = self._keeper.query("SELECT timezone()", "TabSeparated").bytes().decode()

    def close(self) -> None:
        self._keeper.close()

    def run(self, request: Request, data_path: str) -> Answer:
        """data_path: of the data of an INSERT that brings its own. Raises RefusedError."""
        handle = self._handle()
        try:
            self._prepare(handle, request)
            insert = request.insert()
            if insert is not None:
                return _insert(handle, *insert, data_path)
            return _query(handle, request)
        except RefusedError:
            raise
        except Exception as error:
            raise _refused(error) from error
        finally:
            handle.close()

    def _handle(self) -> Any:
        return chdb.connect(self._connect_string)

    def _prepare(self, handle: Any, request: Request) -> None:
        if request.database:
            handle.query(f"USE `{request.database}`")
        if request.settings:
            parts = (f"{name} = {_quoted(value)}" for name, value in request.settings.items())
            handle.query(f"SET {', '.join(parts)}")


def _insert(handle: Any, head: str, data_format: str, path: str) -> Answer:
    """From a file in memory: the engine's streamed insert hides errors of the table.

    (`send_insert` said that rows were written which a constraint had refused.)
    """
    found = _SETTINGS.search(head)
    place = found.start() if found else len(head)
    statement = f"{head[:place]} FROM INFILE '{path}' {head[place:]} FORMAT {data_format}"
    result = handle.query(statement, "TabSeparated")
    return Answer(b"", written_rows=result.rows_written(), written_bytes=result.bytes_written())


class MemoryFile:
    """The data of one INSERT after the other, where the engine, in this process, finds them.

    Its pages are kept from one to the next: taking fresh ones costs more than filling them.
    """

    def __init__(self) -> None:
        if hasattr(os, "memfd_create"):
            self._file: IO[bytes] = os.fdopen(os.memfd_create("insert"), "wb", buffering=0)
            self.path = f"/proc/{os.getpid()}/fd/{self._file.fileno()}"
        else:
            self._file = tempfile.NamedTemporaryFile(buffering=0)  # noqa: SIM115 (see close)
            self.path = self._file.name

    def begin(self) -> None:
        self._file.seek(0)

    def write(self, piece: bytes) -> None:
        self._file.write(piece)

    def end(self) -> None:
        """What an earlier, longer one left behind is cut off."""
        self._file.truncate()

    def close(self) -> None:
        self._file.close()


def _query(handle: Any, request: Request) -> Answer:
    text = request.statement
    if _HELLO.match(text):
        text = text.replace(b"revision()", b"toUInt32(0) AS `revision()`", 1)
    try:
        statement = text.decode()
    except UnicodeDecodeError:
        raise RefusedError(SYNTAX_ERROR, "Code: 62. DB::Exception: not UTF-8") from None
    chosen = request.output_format()
    result = handle.query(statement, chosen, params=request.parameters)
    body = result.bytes()
    rows = request.rows_statement()
    if rows is not None and not body and chosen == "Native":
        body = _no_rows(handle, rows, request)
    return Answer(
        body,
        chosen if body or rows is not None else "",
        result.storage_rows_read(),
        result.storage_bytes_read(),
        result.rows_written(),
        result.bytes_written(),
    )


def _no_rows(handle: Any, statement: str, request: Request) -> bytes:
    """A Native block that only says how the columns are called."""
    described = handle.query(
        f"DESCRIBE ({statement})", "JSONCompactColumns", params=request.parameters
    )
    names, types = json.loads(described.bytes())[:2]
    parts = [_varint(len(names)), _varint(0)]
    for name, type_name in zip(names, types, strict=True):
        for text in (name, type_name):
            parts += [_varint(len(text.encode())), text.encode()]
    return b"".join(parts)


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number >= 0x80:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*parts, number))


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _refused(error: Exception) -> RefusedError:
    found = _CODE.search(str(error))
    if found is None:
        return RefusedError(1002, f"Code: 1002. DB::Exception: {error}")
    return RefusedError(int(found[1]), found[0])
