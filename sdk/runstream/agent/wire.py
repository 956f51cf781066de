"""Protobuf bytes made by hand, where a message object per point would cost.

Only what a batch needs: a length-delimited field is its tag, its length as a
varint, its bytes. Field numbers are those of `events.proto`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runstream.v1 import events_pb2

_EVENTS_TAG = b"\x32"  # AppendRequest.events = 6, length-delimited
_TIME_TAG = b"\x08"  # Event.time_ms = 1, varint
_METRICS_TAG = b"\xb2\x01"  # Event.metrics = 22, length-delimited
_SERIES_TAG = b"\x0a"  # Metrics.series = 1
_COLUMN_TAGS = (b"\x12", b"\x1a", b"\x22", b"\x2a")  # key_index, step, timestamp, value


def varint(number: int) -> bytes:
    """A number from 0 to 2⁶⁴-1 as protobuf writes it."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def delimited(tag: bytes, content: bytes) -> bytes:
    """One length-delimited field."""
    return tag + varint(len(content)) + content


def metrics_event(table: bytes, columns: Sequence[bytes], time_ms: int) -> bytes:
    """A serialized Event with one Metrics.

    table: the series fields, tags included (`series_field` laid end to end).
    columns: key_index, step, timestamp, value.
    """
    parts = [table]
    for tag, column in zip(_COLUMN_TAGS, columns, strict=True):
        parts += (tag, varint(len(column)), column)
    size = sum(map(len, parts))
    # A negative int64 would take ten bytes; the spool has no such time.
    head = _TIME_TAG + varint(max(time_ms, 0)) + _METRICS_TAG + varint(size)
    return b"".join([head, *parts])


def series_field(series: events_pb2.Series) -> bytes:
    """One entry of a key table, tag included."""
    return delimited(_SERIES_TAG, series.SerializeToString(deterministic=True))


def append_request(header: events_pb2.AppendRequest, events: Iterable[bytes]) -> bytes:
    """The bytes of a batch: the header's fields, then the events as they are."""
    parts = [header.SerializeToString(deterministic=True)]
    for event in events:
        parts += (_EVENTS_TAG, varint(len(event)), event)
    return b"".join(parts)


def points_in(event: bytes) -> int:
    """How many points a serialized Event holds: 0 for all kinds but Metrics."""
    if _METRICS_TAG not in event[:16]:  # behind time_ms, of at most 11 bytes
        return 0
    return len(events_pb2.Event.FromString(event).metrics.key_index) // 4
