"""Positions as maps: what was asked for, what the tables hold, what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from runstream.v1 import tracking_pb2 as tracking
from runstream_server.query.view import View


class Partition(NamedTuple):
    """A partition of a log, as positions name it."""

    log: str
    number: int


Offsets = dict[Partition, int]


def offsets_of(position: tracking.Position) -> Offsets:
    """The position as a map; the greatest where a partition stands twice."""
    offsets: Offsets = {}
    for entry in position.offsets:
        partition = Partition(entry.log, entry.partition)
        offsets[partition] = max(entry.next_offset, offsets.get(partition, 0))
    return offsets


def position_of(log_id: str, offsets: Mapping[Partition, int]) -> tracking.Position:
    """The map as a message, in a fixed order."""
    return tracking.Position(
        log_id=log_id,
        offsets=[
            tracking.PartitionOffset(log=log, partition=number, next_offset=offset)
            for (log, number), offset in sorted(offsets.items())
        ],
    )


def read_applied(view: View) -> Offsets:
    """How far the tables of this generation are."""
    rows = view.rows(
        f"SELECT log, partition, max(next_offset) FROM {view.table('applied')} "
        "GROUP BY log, partition",
        {},
    )
    return {Partition(log, number): offset for log, number, offset in rows}


def missing_records(wanted: Offsets, applied: Offsets) -> dict[Partition, int]:
    """Per partition that is behind, by how many records."""
    behind = {part: offset - applied.get(part, 0) for part, offset in wanted.items()}
    return {part: count for part, count in behind.items() if count > 0}
