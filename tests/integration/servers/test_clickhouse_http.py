"""The HTTP server that tests use in ClickHouse's place, through the unmodified client."""

from __future__ import annotations

import json
import socket
import struct
import threading
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import clickhouse_connect
import numpy as np
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from tests.servers.clickhouse import ClickHouse
from tests.servers.clickhouse_requests import encoded

_TOKYO = ZoneInfo("Asia/Tokyo")
_NATIVE_ROW = b"\x01\x01\x01a\x05Int64" + struct.pack("<q", 7)


def connected(url: str, **options: Any) -> Any:
    parts = urlsplit(url)
    return clickhouse_connect.get_client(
        host=parts.hostname,
        port=parts.port,
        username=parts.username,
        password=parts.password or "",
        autogenerate_session_id=False,
        **options,
    )


@pytest.fixture
def client(clickhouse: str) -> Iterator[Any]:
    opened = connected(clickhouse)
    yield opened
    opened.close()


@pytest.fixture
def table(client: Any) -> Iterator[str]:
    name = f"t_{uuid.uuid4().hex[:8]}"
    client.command(f"CREATE TABLE {name} (a Int64, b String) ENGINE = MergeTree ORDER BY a")
    yield name
    client.command(f"DROP TABLE IF EXISTS {name} SYNC")


def posted(url: str, query: str, body: bytes, headers: dict[str, str]) -> bytes:
    parts = urlsplit(url)
    address = f"http://{parts.hostname}:{parts.port}/?{urllib.parse.urlencode({'query': query})}"
    request = urllib.request.Request(address, body, headers)
    with urllib.request.urlopen(request) as answer:
        content: bytes = answer.read()
        return content


@pytest.mark.parametrize(
    ("type_name", "value"),
    [
        ("Int8", -5),
        ("UInt64", 2**64 - 1),
        ("Int128", -(2**100)),
        ("Float64", float("-inf")),
        ("Bool", True),
        ("String", "a\tb\n'\\ä😀"),
        ("FixedString(3)", b"abc"),
        ("UUID", uuid.UUID("01234567-89ab-cdef-0123-456789abcdef")),
        ("LowCardinality(String)", "word"),
        ("Nullable(Int64)", None),
        ("Array(Array(String))", [["a"], [], ["b", "c"]]),
        ("Tuple(Int64, String)", (1, "x")),
        ("Map(String, UInt8)", {"k": 1}),
        ("Date", datetime(2026, 1, 2).date()),
        ("DateTime64(3, 'Asia/Tokyo')", datetime(2026, 1, 2, 3, 4, 5, 678000, _TOKYO)),
        ("Enum8('x' = 1, 'y' = 2)", "y"),
    ],
)
def test_values_of_every_type_go_there_and_back(client: Any, type_name: str, value: Any) -> None:
    name = f"v_{uuid.uuid4().hex[:8]}"
    client.command(f"CREATE TABLE {name} (v {type_name}) ENGINE = Memory")
    client.insert(name, [[value]], column_names=["v"])
    assert client.query(f"SELECT v FROM {name}").result_rows == [(value,)]
    client.command(f"DROP TABLE {name}")


@pytest.mark.parametrize("compress", ["lz4", "zstd", "gzip", False])
def test_rows_go_there_and_back_in_every_compression(
    clickhouse: str, table: str, compress: str | bool
) -> None:
    client = connected(clickhouse, compress=compress)
    numbers = np.arange(200_000)
    client.insert(table, [numbers.tolist(), ["w"] * len(numbers)], column_oriented=True)
    found = client.query_np(f"SELECT a FROM {table} ORDER BY a")
    assert (found.ravel() == numbers).all()
    client.close()


@pytest.mark.parametrize("encoding", ["lz4", "zstd", "gzip"])
def test_a_body_may_be_of_several_frames(
    clickhouse: str, client: Any, table: str, encoding: str
) -> None:
    frames = (_NATIVE_ROW[:9], _NATIVE_ROW[9:], _NATIVE_ROW)
    body = b"".join(encoded(frame, encoding, True)[0] for frame in frames)
    posted(
        clickhouse,
        f"INSERT INTO {table} (a) FORMAT Native",
        body,
        {"Content-Encoding": encoding},
    )
    assert client.query(f"SELECT a FROM {table}").result_rows == [(7,), (7,)]


def test_the_statement_may_stand_before_its_data(clickhouse: str, client: Any, table: str) -> None:
    posted(clickhouse, "", f"INSERT INTO {table} (a) FORMAT Native\n".encode() + _NATIVE_ROW, {})
    posted(clickhouse, f"INSERT INTO {table} (a, b) FORMAT CSV", b"1,\nx\n"[:2] + b"y\n", {})
    posted(
        clickhouse, "", f"INSERT INTO {table} SETTINGS async_insert=0 FORMAT TSV\n2\tz".encode(), {}
    )
    client.command(f"INSERT INTO {table} VALUES (3, 'FORMAT CSV')")
    client.command(f"INSERT INTO {table} SELECT a + 1, 'FORMAT' FROM {table} WHERE a = 3")
    assert client.query(f"SELECT a, b FROM {table} ORDER BY a").result_rows == [
        (1, "y"),
        (2, "z"),
        (3, "FORMAT CSV"),
        (4, "FORMAT"),
        (7, ""),
    ]


def test_parameters_small_and_large(client: Any) -> None:
    words = ["it's", "a\\b", "ä\n"]
    sql = "SELECT {words:Array(String)}, {number:Int64}, {text:String}"
    for count in (1, 20_000):
        values = {"words": words * count, "number": -3, "text": "t" * count}
        assert client.query(sql, parameters=values).result_rows == [
            (words * count, -3, "t" * count)
        ]


def test_an_empty_answer_names_its_columns(client: Any) -> None:
    found = client.query("SELECT {x:Int64} AS n, 'a' AS s WHERE 0", parameters={"x": 1})
    assert (found.column_names, found.result_rows) == (("n", "s"), [])


def test_settings_hold_for_one_request(client: Any) -> None:
    sql = "SELECT getSetting('max_block_size')"
    before = client.query(sql).result_rows
    assert client.query(sql, settings={"max_block_size": 77}).result_rows == [(77,)]
    assert client.query(sql).result_rows == before


def test_errors_have_their_code_and_leave_nothing_behind(client: Any) -> None:
    for sql, code in [
        ("SELECT number, throwIf(number = 150000) FROM numbers(200000)", 395),
        ("SELECT * FROM nowhere", 60),
        ("SELEC 1", 62),
        ("SELECT 1 SETTINGS nothing_like_it = 1", 115),
    ]:
        with pytest.raises(DatabaseError) as raised:
            client.query(sql)
        assert raised.value.code == code
        assert client.query("SELECT 42").result_rows == [(42,)]


def test_a_refused_insert_is_an_error(client: Any, table: str) -> None:
    client.command(f"ALTER TABLE {table} ADD CONSTRAINT small CHECK a < 5")
    with pytest.raises(DatabaseError) as raised:
        client.insert(table, [[9, "x"]])
    assert raised.value.code == 469
    with pytest.raises(DatabaseError) as raised:
        client.raw_insert(table, ["a"], insert_block=_NATIVE_ROW[:-3], fmt="Native")
    assert raised.value.code == 33
    assert client.query(f"SELECT count() FROM {table}").result_rows == [(0,)]


def test_other_formats_streams_and_frames(client: Any) -> None:
    assert json.loads(client.raw_query("SELECT 1 AS a", fmt="JSON"))["data"] == [{"a": 1}]
    assert client.command("SELECT 7") == 7
    with client.query_row_block_stream("SELECT number FROM numbers(100000)") as stream:
        assert sum(len(block) for block in stream) == 100_000
    assert list(client.query_df("SELECT 1 AS a, 'x' AS b").columns) == ["a", "b"]
    hello = client.query("SELECT displayName(), version(), revision(), timezone()")
    assert (hello.column_names[2], hello.result_rows[0][2]) == ("revision()", 0)


@pytest.mark.parametrize("chunked", [False, True])
def test_of_a_body_that_ends_early_nothing_is_applied(
    clickhouse: str, client: Any, table: str, chunked: bool
) -> None:
    parts = urlsplit(clickhouse)
    query = urllib.parse.urlencode({"query": f"INSERT INTO {table} (a) FORMAT Native"})
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {2 * len(_NATIVE_ROW)}"
    size = f"{len(_NATIVE_ROW):x}\r\n".encode() if chunked else b""
    head = f"POST /?{query} HTTP/1.1\r\nHost: x\r\n{length}\r\n\r\n".encode()
    with socket.create_connection((parts.hostname, parts.port)) as connection:
        connection.sendall(head + size + _NATIVE_ROW)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    assert client.query(f"SELECT count() FROM {table}").result_rows == [(0,)]


def test_many_at_once_lose_nothing(clickhouse: str, client: Any, table: str) -> None:
    errors: list[Exception] = []

    def work(first: int) -> None:
        own = connected(clickhouse)
        try:
            for batch in range(20):
                rows = [[first + batch * 50 + n, "x"] for n in range(50)]
                own.insert(table, rows, settings={"async_insert": 0})
                own.query(f"SELECT max(a) FROM {table}")
        except Exception as error:
            errors.append(error)
        finally:
            own.close()

    threads = [threading.Thread(target=work, args=(1000 * n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert client.query(f"SELECT count(), uniqExact(a) FROM {table}").result_rows == [(4000, 4000)]


def test_the_password_is_asked_for_and_memory_is_capped(tmp_path: Path) -> None:
    server = ClickHouse(tmp_path / "engine", password="s3cret", memory_bytes=700_000_000)
    server.start()
    try:
        assert connected(server.url).command("SELECT 1") == 1
        with pytest.raises(DatabaseError) as raised:
            connected(server.url.replace("s3cret", "other"))
        assert raised.value.code == 516
        with pytest.raises(DatabaseError) as raised:
            connected(server.url).query("SELECT length(groupArray(number)) FROM numbers(200000000)")
        assert raised.value.code == 241
        server.restart()
        assert connected(server.url).command("SELECT 1") == 1
    finally:
        server.stop()
