"""Blocks of ClickHouse's Native format, made from columns.

A numeric column of the format is the little-endian array itself, so an array
goes in as it lies in memory. What a column may be, by its type:

    Int64, Float64, UInt8 ...   numpy array of that type, or a sequence of numbers
    UUID                        numpy array (n, 2) of uint64, high half first
    String                      sequence of str
    FixedString(n)              sequence of bytes, each of length n
    LowCardinality(String)      Coded: a dictionary and an index array
    Tuple(...)                  tuple of columns
    Array(...)                  sequence of sequences of what the inner type takes

A type of the schema is parsed once (`encoder`), and one function per kind of
type does the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate, chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runstream_server.events.folds.columns import Coded
from runstream_server.store.schema.table import Column

# What stands one after the other in a block: bytes, and arrays where they lie in
# memory. Nobody copies the large ones: fresh memory costs more than copying.
Buffers = list[bytes | memoryview]
Encoder = Callable[[Any], Buffers]

_SMALL_BYTES = 64 * 1024

_NUMBERS = {
    "Int8": "<i1",
    "Int64": "<i8",
    "UInt8": "<u1",
    "UInt16": "<u2",
    "UInt32": "<u4",
    "UInt64": "<u8",
    "Float64": "<f8",
}

# Flags of a serialised dictionary: it comes with the block and replaces any other.
_OWN_KEYS = (1 << 9) | (1 << 10)


def native_block(columns: Sequence[Column], data: Mapping[str, Any], count: int) -> bytes:
    """One block of `count` rows; `data` has an entry for every column."""
    return b"".join(native_parts(columns, data, count))


def native_parts(columns: Sequence[Column], data: Mapping[str, Any], count: int) -> Buffers:
    """The same block in pieces: large columns as they lie in memory."""
    parts: Buffers = [_varint(len(columns)), _varint(count)]
    for column in columns:
        parts.append(_text(column.name))
        parts.append(_text(column.block_type))
        if count:
            parts.extend(encoder(column.block_type)(data[column.name]))
    return _joined(parts)


def _joined(parts: Buffers) -> Buffers:
    """Small neighbours as one piece."""
    joined: Buffers = []
    small: Buffers = []
    for part in parts:
        if len(part) < _SMALL_BYTES:
            small.append(part)
            continue
        joined += [b"".join(small), part]
        small.clear()
    return [*joined, b"".join(small)]


@lru_cache(maxsize=256)
def encoder(type_name: str) -> Encoder:
    """How a column of that type is laid out."""
    if type_name in _NUMBERS:
        return _numbers(_NUMBERS[type_name])
    name, _, rest = type_name.partition("(")
    return _FAMILIES[name](rest.removesuffix(")"))


def _numbers(dtype: str) -> Encoder:
    def encode(values: Any) -> Buffers:
        return [_memory(np.ascontiguousarray(values, dtype=dtype))]

    return encode


def _memory(array: NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _uuid(_: str) -> Encoder:
    return _numbers("<u8")


def _string(_: str) -> Encoder:
    def encode(values: Sequence[str]) -> Buffers:
        return [_text(value) for value in values]

    return encode


def _fixed_string(_: str) -> Encoder:
    def encode(values: Sequence[bytes]) -> Buffers:
        return list(values)

    return encode


def _low_cardinality(_: str) -> Encoder:
    def encode(coded: Coded) -> Buffers:
        kind = _index_kind(len(coded.words))
        header = np.array([1, _OWN_KEYS | kind, len(coded.words)], dtype="<u8").tobytes()
        count = np.array([len(coded.index)], dtype="<u8").tobytes()
        index = np.ascontiguousarray(coded.index, dtype=f"<u{1 << kind}")
        return [header, *(_text(word) for word in coded.words), count, _memory(index)]

    return encode


def _index_kind(words: int) -> int:
    return next(kind for kind in (0, 1, 2, 3) if words <= 1 << (8 << kind))


def _tuple(inner: str) -> Encoder:
    encoders = [encoder(part) for part in _element_types(inner)]

    def encode(columns: Sequence[Any]) -> Buffers:
        parts: Buffers = []
        for encode_one, column in zip(encoders, columns, strict=True):
            parts.extend(encode_one(column))
        return parts

    return encode


def _array(inner: str) -> Encoder:
    encode_inner = encoder(inner)
    is_tuple = inner.startswith("Tuple")

    def encode(values: Sequence[Sequence[Any]]) -> Buffers:
        ends = np.array(list(accumulate(len(value) for value in values)), dtype="<u8")
        flat: Any = list(chain.from_iterable(values))
        if is_tuple:
            flat = tuple(zip(*flat, strict=True)) if flat else ()
        return [ends.tobytes(), *(encode_inner(flat) if flat else [])]

    return encode


_FAMILIES: dict[str, Callable[[str], Encoder]] = {
    "UUID": _uuid,
    "String": _string,
    "FixedString": _fixed_string,
    "LowCardinality": _low_cardinality,
    "Tuple": _tuple,
    "Array": _array,
}


def _element_types(inner: str) -> list[str]:
    """The types of `name Type, name Type`; names are optional."""
    return [re.sub(r"^\w+ ", "", part.strip()) for part in _split(inner)]


def _split(inner: str) -> list[str]:
    """By the commas that stand in no inner parenthesis."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(inner):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append(inner[start:position])
            start = position + 1
    return [*parts, inner[start:]]


def _text(value: str) -> bytes:
    encoded = value.encode()
    return _varint(len(encoded)) + encoded


def _varint(number: int) -> bytes:
    if number < 0x80:
        return _SHORT[number]
    parts = bytearray()
    while number >= 0x80:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    parts.append(number)
    return bytes(parts)


_SHORT = [bytes((number,)) for number in range(0x80)]
