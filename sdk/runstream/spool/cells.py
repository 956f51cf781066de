"""The reader's side of points segments.

A segment's cells are final once it has a successor, or its writer is dead;
before, only the valid prefix may be used (see `format.valid_prefix`).
"""

from __future__ import annotations

import mmap
import os
import platform
from collections.abc import Callable
from pathlib import Path

from runstream.spool.format import (
    CELL_BYTES,
    HEADER_BYTES,
    FileKind,
    Header,
    unpack_header,
    valid_prefix,
    void_ranges,
)
from runstream.spool.limits import WRITE_MAX_CELLS

_SCAN_CELLS = 16 * 1024
# Elsewhere a reader may see the stores of another processor in another order:
# it takes only cells that were whole when it looked the time before.
_STORES_IN_ORDER = platform.machine().lower() in ("x86_64", "amd64", "i686", "i386")


class SegmentView:
    """One points segment as a reader has it."""

    def __init__(self, path: Path, header: Header, mappable: bool) -> None:
        self.path = path
        self.number, self.base = header.number, header.base
        self.kind = header.kind
        # Of the whole file; an appended one may be sealed before it is full.
        self.capacity = (header.size_bytes - HEADER_BYTES) // CELL_BYTES
        # An appended file may shrink by a part of a cell: it is never mapped.
        self._mapped = mappable and self.kind is FileKind.MAPPED_POINTS
        self._buffer = bytearray()
        self._data = memoryview(b"")
        # Cells from the start that are known to be whole.
        self._scanned = 0
        self._seen = 0

    @classmethod
    def open(cls, path: Path, producer_id: bytes, mappable: bool) -> SegmentView | str:
        """The segment at `path`, or what is wrong with it. FileNotFoundError when missing."""
        with open(path, "rb", buffering=0, opener=_no_links) as file:
            header = unpack_header(file.read(HEADER_BYTES) or b"")
        number = int(path.name.rpartition(".")[2])
        if header is None or header.kind is FileKind.EVENTS or header.number != number:
            return f"{path.name}: damaged header; its points are lost"
        if header.producer_id != producer_id:
            return f"{path.name}: belongs to another process"
        return cls(path, header, mappable)

    def _load(self, wanted: int) -> memoryview:
        """The cells that are there now, at least `wanted` of them if the file has them."""
        if len(self._data) >= wanted * CELL_BYTES or (self._mapped and len(self._data)):
            return self._data
        try:
            fd = _no_links(str(self.path), os.O_RDONLY)
        except FileNotFoundError:
            return self._data
        try:
            cells = min((os.fstat(fd).st_size - HEADER_BYTES) // CELL_BYTES, self.capacity)
            if cells * CELL_BYTES > len(self._data):
                self._data = self._map(fd, cells) if self._mapped else self._read(fd, cells)
        finally:
            os.close(fd)
        return self._data

    def _map(self, fd: int, cells: int) -> memoryview:
        end = HEADER_BYTES + cells * CELL_BYTES
        return memoryview(mmap.mmap(fd, end, prot=mmap.PROT_READ))[HEADER_BYTES:]

    def _read(self, fd: int, cells: int) -> memoryview:
        """Read what is new into a buffer that never moves: views of it are in use."""
        if not self._buffer:
            self._buffer = bytearray(self.capacity * CELL_BYTES)
        whole, have = memoryview(self._buffer), len(self._data)
        new = os.pread(fd, cells * CELL_BYTES - have, HEADER_BYTES + have)
        end = have + len(new)
        whole[have:end] = new
        return whole[: end - end % CELL_BYTES]

    def valid(self, final: bool) -> int:
        """Length of the valid prefix. `final`: the writer is dead or has gone on."""
        found = self._scan()
        if _STORES_IN_ORDER or final:
            return found
        before, self._seen = self._seen, found
        return before

    def _scan(self) -> int:
        data = self._load(self._scanned + 1)
        while True:
            start = self._scanned * CELL_BYTES
            piece = data[start : start + _SCAN_CELLS * CELL_BYTES]
            count = valid_prefix(piece)
            self._scanned += count
            if count < _SCAN_CELLS:
                return self._scanned

    def raw(self, first: int, last: int) -> memoryview:
        """The cells [first, last) as they lie there, as far as the file has them."""
        return self._load(last)[first * CELL_BYTES : last * CELL_BYTES]

    def pieces(self, first: int, last: int, report: Callable[[str], None]) -> list[memoryview]:
        """The points among the cells [first, last): no void cells, no damaged ones."""
        data = self._load(last)
        have = len(data) // CELL_BYTES
        if have < last:
            report(f"{self.path.name}: {last - max(have, first)} cells are missing at its end")
        found: list[memoryview] = []
        for start, end in self._whole(first, min(last, have), report):
            found.extend(self._without_voids(start, end))
        return found

    def _whole(self, first: int, last: int, report: Callable[[str], None]) -> list[tuple[int, int]]:
        """Ranges of whole cells in [first, last)."""
        ranges: list[tuple[int, int]] = []
        damaged = 0
        while first < last:
            end = min(last, self._scanned)
            if first >= end:
                end = first + valid_prefix(self._data[first * CELL_BYTES : last * CELL_BYTES])
            if first < end:
                ranges.append((first, end))
                first = end
            else:
                damaged += 1
                first += 1
        if damaged:
            report(f"{self.path.name}: {damaged} damaged cells are left out")
        return ranges

    def _without_voids(self, first: int, last: int) -> list[memoryview]:
        # Padding stands only where a write of WRITE_MAX_CELLS did not fit.
        tail = max(first, self.capacity - WRITE_MAX_CELLS)
        ranges = void_ranges(self._data[tail * CELL_BYTES : last * CELL_BYTES])
        pieces: list[memoryview] = []
        for start, end in ranges:
            pieces.append(self._data[first * CELL_BYTES : (tail + start) * CELL_BYTES])
            first = tail + end
        pieces.append(self._data[first * CELL_BYTES : last * CELL_BYTES])
        return [piece for piece in pieces if len(piece)]


def _no_links(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_CLOEXEC)
