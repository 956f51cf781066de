"""Blocks, byte for byte as the format says."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest

from runstream_server.events.folds.columns import Coded
from runstream_server.store.native import encoder, native_block, native_parts
from runstream_server.store.schema.table import Column


def encoded(type_name: str, values: Any) -> bytes:
    return b"".join(encoder(type_name)(values))


@pytest.mark.parametrize(
    ("type_name", "values", "data"),
    [
        ("Int64", np.array([-1, 2]), struct.pack("<qq", -1, 2)),
        ("UInt64", [2**64 - 1], struct.pack("<Q", 2**64 - 1)),
        ("Float64", np.array([1.5]), struct.pack("<d", 1.5)),
        ("UInt8", np.array([True, False]), b"\x01\x00"),
        ("UUID", np.array([[1, 2]], dtype=np.uint64), struct.pack("<QQ", 1, 2)),
        ("String", ["a", "", "ü"], b"\x01a\x00\x02\xc3\xbc"),
        ("String", ["x" * 300], b"\xac\x02" + b"x" * 300),
        ("FixedString(2)", [b"ab", b"cd"], b"abcd"),
        ("Tuple(a UInt8, b String)", ([1, 2], ["x", "y"]), b"\x01\x02\x01x\x01y"),
        ("Array(UInt8)", [[1, 2], [], [3]], struct.pack("<QQQ", 2, 2, 3) + b"\x01\x02\x03"),
        ("Array(Int64)", [[]], struct.pack("<Q", 0)),
        (
            "Array(Tuple(key String, value String))",
            [[("a", "b")], [("c", "d")]],
            struct.pack("<QQ", 1, 2) + b"\x01a\x01c\x01b\x01d",
        ),
    ],
)
def test_columns(type_name: str, values: Any, data: bytes) -> None:
    assert encoded(type_name, values) == data


@pytest.mark.parametrize(("words", "kind"), [(1, 0), (256, 0), (257, 1), (65536, 1), (65537, 2)])
def test_a_dictionary_comes_with_the_narrowest_index(words: int, kind: int) -> None:
    coded = Coded([""] * words, np.array([0, words - 1]))
    data = encoded("LowCardinality(String)", coded)
    assert struct.unpack_from("<QQQ", data) == (1, 0x600 | kind, words)
    rest = data[24 + words :]
    width = 1 << kind
    assert rest[:8] == struct.pack("<Q", 2)
    assert rest[8:] == bytes(width) + (words - 1).to_bytes(width, "little")


def test_a_block_names_its_columns() -> None:
    columns = (Column("a", "UInt8"), Column("b", "String", sent_as="LowCardinality(String)"))
    block = native_block(columns, {"a": [7], "b": Coded(["x"], np.array([0]))}, 1)
    assert block.startswith(b"\x02\x01\x01a\x05UInt8\x07\x01b\x16LowCardinality(String)")


def test_a_block_without_rows_has_no_data() -> None:
    assert native_block((Column("a", "UInt8"),), {}, 0) == b"\x01\x00\x01a\x05UInt8"


def test_columns_of_tuples_must_fit() -> None:
    with pytest.raises(ValueError, match="zip"):
        encoded("Tuple(UInt8, UInt8)", ([1],))


def test_a_large_column_is_not_copied() -> None:
    columns = (Column("a", "UInt8"), Column("b", "Int64"), Column("c", "UInt8"))
    count = 10_000
    large = np.arange(count)
    data = {"a": np.zeros(count, np.uint8), "b": large, "c": np.ones(count, np.uint8)}
    parts = native_parts(columns, data, count)
    assert len(parts) == 3
    assert np.shares_memory(np.frombuffer(parts[1], np.uint8), large)
    assert b"".join(parts) == native_block(columns, data, count)
