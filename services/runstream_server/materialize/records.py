"""Records as read, decoded and cut into parts that one flush can take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from runstream_server.eventlog.port import EVENTS, Record
from runstream_server.events.decode import Batch, UndecodableError, decode
from runstream_server.materialize.set_aside import SetAside


@dataclass
class Part:
    """Consecutive records: their batches, what could not be one, and what comes next."""

    batches: list[Batch] = field(default_factory=list)
    refused: list[SetAside] = field(default_factory=list)
    next_offsets: dict[int, int] = field(default_factory=dict)
    records: int = 0
    rows: int = 0


def parts(records: Sequence[Record], rows_max: int) -> Iterator[Part]:
    """At most `rows_max` rows each, but at least one record."""
    part = Part()
    for record in records:
        try:
            batch = decode(*record)
        except UndecodableError as error:
            part.refused.append(
                SetAside(EVENTS, record.partition, record.offset, "", f"undecodable: {error}")
            )
        else:
            if part.rows and part.rows + batch.rows > rows_max:
                yield part
                part = Part()
            part.batches.append(batch)
            part.rows += batch.rows
        part.records += 1
        part.next_offsets[record.partition] = record.offset + 1
    if part.records:
        yield part
