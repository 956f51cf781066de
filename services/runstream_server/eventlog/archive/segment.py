"""Records of one partition as one object: framed, compressed, known by their SHA-256.

Decompressed, an object is a line of JSON that says which records it holds, then each
value behind its length (four bytes, little-endian). So it can be read without us.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import zstandard

from runstream_server.eventlog.archive import limits
from runstream_server.eventlog.archive.errors import ArchiveMismatchError
from runstream_server.eventlog.port import Record

_LENGTH = struct.Struct("<I")
_FORMAT = 1


@dataclass(frozen=True)
class Segment:
    """What the manifest says of an object: the records of a partition from `first` to before
    `next`.

    sha256: of the object's bytes, in hex. size_bytes: how many there are.
    record_bytes: of the values in it.
    """

    log_id: str
    log: str
    partition: int
    first: int
    next: int
    sha256: str
    size_bytes: int
    record_bytes: int

    @property
    def name(self) -> str:
        """Of the object; another one for other records, and for other bytes."""
        stretch = f"{self.first:020d}-{self.next:020d}-{self.sha256[:16]}.zst"
        return f"{records_folder(self.log, self.partition)}/{stretch}"

    def entry(self) -> bytes:
        """The manifest's entry; it holds its own checksum."""
        fields = asdict(self)
        return json.dumps({**fields, "check": _check(fields)}, indent=1).encode()


def records_folder(log: str, partition: int) -> str:
    return f"{log}/{partition:05d}/records"


def manifest_folder(log: str, partition: int) -> str:
    return f"{log}/{partition:05d}/manifest"


def segment_of(entry: bytes, name: str) -> Segment:
    """Raises ArchiveMismatchError. name: of the entry, for people."""
    try:
        fields: dict[str, Any] = json.loads(entry)
        check = fields.pop("check")
        segment = Segment(**fields)
    except (ValueError, TypeError, KeyError, AttributeError):
        check, segment = "", None
    if segment is None or check != _check(asdict(segment)):
        raise ArchiveMismatchError(
            f"The archive is damaged: the entry {name} of its manifest is not as it was written. "
            "Restore it from a copy of the archive; `runstream archive verify` shows what else is"
        )
    return segment


def _check(fields: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


class SegmentWriter:
    """Takes records one after another. The same records give the same bytes."""

    def __init__(self, log_id: str, log: str, partition: int, first: int) -> None:
        self._log_id, self._log, self._partition, self._first = log_id, log, partition, first
        self._next = first
        self._record_bytes = 0
        compressor = zstandard.ZstdCompressor(limits.COMPRESSION_LEVEL, write_checksum=True)
        self._compressing = compressor.compressobj()
        self._parts = [self._compressing.compress(_header(log_id, log, partition, first))]

    @property
    def next(self) -> int:
        """The offset of the record that comes next."""
        return self._next

    @property
    def count(self) -> int:
        return self._next - self._first

    @property
    def record_bytes(self) -> int:
        return self._record_bytes

    def add(self, record: Record) -> None:
        if record.offset != self._next or record.partition != self._partition:
            raise ValueError(f"{record.offset} follows {self._next}")
        self._parts.append(self._compressing.compress(_LENGTH.pack(len(record.value))))
        self._parts.append(self._compressing.compress(record.value))
        self._next += 1
        self._record_bytes += len(record.value)

    def finish(self) -> tuple[Segment, bytes]:
        """What it is, and the object's bytes. Nothing can be added afterwards."""
        data = b"".join([*self._parts, self._compressing.flush()])
        segment = Segment(
            self._log_id,
            self._log,
            self._partition,
            self._first,
            self._next,
            hashlib.sha256(data).hexdigest(),
            len(data),
            self._record_bytes,
        )
        return segment, data


def read_records(segment: Segment, data: bytes) -> Iterator[Record]:
    """The records of an object; raises ArchiveMismatchError before the first one when its
    bytes are not those that were written."""
    if hashlib.sha256(data).hexdigest() != segment.sha256:
        raise damaged(segment, "its bytes are not those that were written")
    return _records(segment, data)


def damaged(segment: Segment, how: str) -> ArchiveMismatchError:
    return ArchiveMismatchError(
        f"The archive is damaged: the object {segment.name}, with the records {segment.first} to "
        f"{segment.next - 1} of partition {segment.partition} of the {segment.log} log: {how}. "
        "Restore it from a copy of the archive"
    )


def _records(segment: Segment, data: bytes) -> Iterator[Record]:
    header = _header(segment.log_id, segment.log, segment.partition, segment.first)
    try:
        with zstandard.ZstdDecompressor().stream_reader(data) as stream:
            if stream.read(len(header)) != header:
                raise damaged(segment, "it says that it holds other records")
            for offset in range(segment.first, segment.next):
                (length,) = _LENGTH.unpack(stream.read(_LENGTH.size))
                value = stream.read(length)
                if len(value) != length:
                    raise damaged(segment, "it ends too early")
                yield Record(segment.partition, offset, value)
            if stream.read(1):
                raise damaged(segment, "it holds more records than that")
    except (zstandard.ZstdError, struct.error) as error:
        raise damaged(segment, f"it cannot be read ({error})") from error


def _header(log_id: str, log: str, partition: int, first: int) -> bytes:
    fields = {
        "runstream_archive": _FORMAT,
        "log_id": log_id,
        "log": log,
        "partition": partition,
        "first": first,
    }
    return json.dumps(fields).encode() + b"\n"
