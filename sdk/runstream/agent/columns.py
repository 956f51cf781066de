"""Cells to columns, without Python per point where one run is alone.

A cell is 32 bytes, `<IIqdq`: run index | 0x80000000, series index, step, value,
timestamp. Slices of an `array` with a stride copy a column in C (about 4 ns a
point); interleaved runs are first gathered (about 300 ns a point).
"""

from __future__ import annotations

import struct
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from runstream.spool.format import RUN_BIT, VOID_RUN_WORD

# The run index of a cell that only fills a segment.
VOID_RUN = VOID_RUN_WORD & ~RUN_BIT

_CELL = struct.Struct("32s")
_SWAP = sys.byteorder == "big"


@dataclass(frozen=True)
class Columns:
    """Points of one run in order; little-endian columns, `count` entries each."""

    count: int
    series: array[int]
    step: bytes
    timestamp: bytes
    value: bytes
    last_timestamp: int


def by_run(piece: memoryview) -> dict[int, Sequence[bytes | memoryview]]:
    """The cells of a contiguous piece, per run index, in order; void left out."""
    if not len(piece):
        return {}
    raw = piece.cast("I")[::8].tobytes()
    words = array("I", raw)
    if raw == raw[:4] * len(words):
        run = words[0] & ~RUN_BIT
        return {} if run == VOID_RUN else {run: [piece]}
    return _gather(piece, words)


def _gather(piece: memoryview, words: array[int]) -> dict[int, Sequence[bytes | memoryview]]:
    lists: dict[int, list[bytes]] = {}
    for word in words:
        if word not in lists:
            lists[word] = []
    appends = {word: cells.append for word, cells in lists.items()}
    for (cell,), word in zip(_CELL.iter_unpack(piece), words, strict=True):
        appends[word](cell)
    return {
        word & ~RUN_BIT: [b"".join(cells)]
        for word, cells in lists.items()
        if word & ~RUN_BIT != VOID_RUN
    }


def columns(pieces: Sequence[bytes | memoryview]) -> Columns:
    """The columns of the cells of one run."""
    longs = array("q")
    for piece in pieces:
        longs.frombytes(piece)
    words = array("I")
    words.frombytes(longs[::4].tobytes())
    series, step, value, timestamp = words[1::2], longs[1::4], longs[2::4], longs[3::4]
    last = timestamp[-1]
    if _SWAP:  # pragma: no cover - no such machine runs the tests
        for column in (step, value, timestamp):
            column.byteswap()
    return Columns(len(series), series, step.tobytes(), timestamp.tobytes(), value.tobytes(), last)


def little(words: array[int]) -> bytes:
    """A column of u32 as little-endian bytes."""
    if _SWAP:  # pragma: no cover
        words = array("I", words)
        words.byteswap()
    return words.tobytes()
