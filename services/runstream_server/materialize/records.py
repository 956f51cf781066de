"""Records as read, decoded and cut into parts that one flush can take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from runstream_server.eventlog.port import EVENTS, Record
from runstream_server.events.decode import Batch, UndecodableError, decode
from runstream_server.materialize.set_aside import SetAside


@dataclass
class Part:
    """Consecutive records: their batches, what could not be one, and what comes next.

    poison: batches that are in `refused` as well, and in `batches` no more.
    """

    batches: list[Batch] = field(default_factory=list)
    refused: list[SetAside] = field(default_factory=list)
    poison: list[Batch] = field(default_factory=list)
    next_offsets: dict[int, int] = field(default_factory=dict)
    records: int = 0
    rows: int = 0

    def without(self, reasons: Mapping[int, str]) -> Part:
        """The part with some batches, by their index, set aside as poison."""
        poison = [self.batches[index] for index in reasons]
        return replace(
            self,
            batches=[one for index, one in enumerate(self.batches) if index not in reasons],
            refused=[*self.refused, *map(_refused, poison, reasons.values())],
            poison=[*self.poison, *poison],
        )

    def halves(self) -> tuple[Part, Part]:
        """What could not be a batch stays with the first."""
        middle = len(self.batches) // 2
        first, second = self.batches[:middle], self.batches[middle:]
        return (
            Part(
                first,
                self.refused,
                self.poison,
                {batch.partition: batch.offset + 1 for batch in first},
                self.records - len(second),
                sum(batch.rows for batch in first),
            ),
            Part(
                second,
                next_offsets=self.next_offsets,
                records=len(second),
                rows=sum(batch.rows for batch in second),
            ),
        )


def _refused(batch: Batch, reason: str) -> SetAside:
    return SetAside(EVENTS, batch.partition, batch.offset, batch.stream_id, reason)


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
