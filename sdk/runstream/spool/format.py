"""The bytes of a spool: cells, file headers, frames. Pure.

All numbers are little-endian. `docs/spool.md` describes the whole format.
"""

from __future__ import annotations

import re
import struct
import zlib
from enum import Enum
from typing import NamedTuple

from runstream.spool.limits import FRAME_MAX_BYTES

Buffer = bytes | bytearray | memoryview

# Changes with every change of the format; part of the scope's name, so that
# an agent only ever meets spools that it can read.
FORMAT = 1

# ---- Cells: one point each.

# run index | RUN_BIT, series index, step, value, timestamp in ms.
CELL = struct.Struct("<IIqdq")
CELL_BYTES = CELL.size
# The same bytes; the first field is `series_word`.
POINT = struct.Struct("<Qqdq")
RUN_BIT = 0x8000_0000
RUN_INDEX_MAX = 0x7FFF_FFFE
VOID_RUN_WORD = 0xFFFF_FFFF
# Fills the end of a segment that a longer write did not fit into.
VOID_CELL = CELL.pack(VOID_RUN_WORD, 0, 0, 0.0, 1)


def series_word(run_index: int, series_index: int) -> int:
    """The first two fields of a cell as one number."""
    return series_index << 32 | run_index | RUN_BIT


_ZERO_WORD = bytes(8)
_UNSET_RUN = re.compile(rb"[\x00-\x7f]")
_VOIDS = re.compile(rb"(?:\xff\xff\xff\xff)+")


def valid_prefix(cells: memoryview) -> int:
    """How many cells from the start on are whole: run word and timestamp are set.

    `cells` is a byte view; a part of a cell at its end is not looked at.
    """
    count = len(cells) // CELL_BYTES
    if not count or cells[3] < 0x80:
        return 0
    unset = _UNSET_RUN.search(cells[3 : count * CELL_BYTES : CELL_BYTES].tobytes())
    if unset:
        count = unset.start()
    timestamps = cells[: count * CELL_BYTES].cast("q")[3::4].tobytes()
    at = timestamps.find(_ZERO_WORD)
    while at != -1:
        if at % 8 == 0:
            return at // 8
        at = timestamps.find(_ZERO_WORD, at + 1)
    return count


def void_ranges(cells: memoryview) -> list[tuple[int, int]]:
    """Where the void cells of `cells` are, as ranges [first, last + 1) of cell numbers."""
    if not len(cells):
        return []
    words = cells.cast("I")[0::8].tobytes()
    found: list[tuple[int, int]] = []
    at = 0
    while match := _VOIDS.search(words, at):
        first, last = -(-match.start() // 4), match.end() // 4
        if first < last:
            found.append((first, last))
        at = match.end()
    return found


# ---- Headers of points and events files.


class FileKind(Enum):
    """What a file holds, and how it grows."""

    MAPPED_POINTS = 1  # has its whole size from the start
    APPENDED_POINTS = 2  # grows by whole cells
    EVENTS = 3  # grows by whole frames


class Header(NamedTuple):
    """The first HEADER_BYTES of a points or events file."""

    kind: FileKind
    number: int
    # Cells, or bytes of frames, of this process in the files before this one.
    base: int
    # Size of the file when it is full, this header included.
    size_bytes: int
    producer_id: bytes


_HEADER = struct.Struct("<8sIIQQQ16s")
_HEADER_MAGIC = b"RUNSPOOL"
HEADER_BYTES = 64
# Far above what is ever made: a reader allocates what a header says.
_FILE_MAX_BYTES = 64 * 1024 * 1024


def pack_header(header: Header) -> bytes:
    """`header` as HEADER_BYTES bytes."""
    body = _HEADER.pack(
        _HEADER_MAGIC,
        FORMAT,
        header.kind.value,
        header.number,
        header.base,
        header.size_bytes,
        header.producer_id,
    )
    return (body + struct.pack("<I", zlib.crc32(body))).ljust(HEADER_BYTES, b"\0")


def unpack_header(data: Buffer) -> Header | None:
    """The header that `data` starts with; None when it is damaged."""
    if len(data) < HEADER_BYTES:
        return None
    body = bytes(data[: _HEADER.size])
    (checksum,) = struct.unpack_from("<I", data, _HEADER.size)
    magic, version, kind, number, base, size_bytes, producer_id = _HEADER.unpack(body)
    if magic != _HEADER_MAGIC or version != FORMAT or checksum != zlib.crc32(body):
        return None
    if kind not in _KINDS or not HEADER_BYTES < size_bytes <= _FILE_MAX_BYTES:
        return None
    return Header(FileKind(kind), number, base, size_bytes, producer_id)


_KINDS = frozenset(kind.value for kind in FileKind)


# ---- Frames of events files: u32 length, u32 CRC-32 of the payload, payload.

FRAME = struct.Struct("<II")
FRAME_HEAD_BYTES = FRAME.size
# Zeros in the place of a frame end a file that has, or waits for, a successor:
# a file can be made longer by zeros even when the disk is full.
SEAL_BYTES = FRAME_HEAD_BYTES


class FrameState(Enum):
    """What stands at a position of an events file."""

    WHOLE = "whole"
    # Nothing, or the start of a frame: the rest may come, or never does.
    CUT = "cut"
    # The length is plausible, the content is not what was written.
    DAMAGED = "damaged"
    # SEAL: nothing follows in this file.
    SEALED = "sealed"
    # No frame was ever written like this; where the next one starts is unknown.
    LOST = "lost"


class FrameAt(NamedTuple):
    """A frame of a buffer: state, and where it ends (when that is known)."""

    state: FrameState
    end: int


def pack_frame(payload: bytes) -> bytes:
    """`payload` as a frame. It must hold at least one byte."""
    return FRAME.pack(len(payload), zlib.crc32(payload)) + payload


def frame_at(data: Buffer, start: int) -> FrameAt:
    """What stands in `data` at `start`."""
    body = start + FRAME_HEAD_BYTES
    if body > len(data):
        return FrameAt(FrameState.CUT, start)
    length, checksum = FRAME.unpack_from(data, start)
    if length == checksum == 0:
        return FrameAt(FrameState.SEALED, start)
    if not 0 < length <= FRAME_MAX_BYTES:
        return FrameAt(FrameState.LOST, start)
    end = body + length
    if end > len(data):
        return FrameAt(FrameState.CUT, end)
    if zlib.crc32(data[body:end]) != checksum:
        return FrameAt(FrameState.DAMAGED, end)
    return FrameAt(FrameState.WHOLE, end)


def whole_frames_end(data: Buffer, start: int = 0) -> int:
    """Where the last of the whole frames that follow one another from `start` ends."""
    while True:
        frame = frame_at(data, start)
        if frame.state is not FrameState.WHOLE:
            return start
        start = frame.end
