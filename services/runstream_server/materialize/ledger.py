"""Which batches count: each identity once, that with the smallest offset.

The rule needs one fact per batch: has this identity been folded, at which
offset, with which content? Asking the ledger table about every batch would be
slow, so a watermark per (stream, producer), the greatest seq folded, says
which ones cannot be there yet. Only a seq at or below it is looked up.

The memory follows the tables: it changes after a flush is applied, and is
forgotten on any error, when what the tables hold is not known, and for a
partition that comes or goes, which somebody else may have folded.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from runstream_server.events.decode import Batch
from runstream_server.events.folds.columns import Rows
from runstream_server.store.engine import Store
from runstream_server.store.schema.ledger import LEDGER, SET_ASIDE_STATE

Producer = tuple[str, bytes]
Identity = tuple[str, bytes, int]

# Producers whose watermark is remembered: some 100 bytes each.
_REMEMBERED_MAX = 100_000


class Entry(NamedTuple):
    """What is known of an identity."""

    offset: int
    checksum: int


class Mark(NamedTuple):
    """The greatest seq of a producer that was folded. All of a stream is in one partition."""

    partition: int
    seq: int


@dataclass
class Judged:
    """The batches of a flush, by what becomes of them; each in log order.

    whole: fold. conflicting: fold the points, set the rest aside.
    duplicates: how many are dropped.
    watermarks: of their producers, once the flush is in the tables.
    """

    whole: list[Batch] = field(default_factory=list)
    conflicting: list[Batch] = field(default_factory=list)
    duplicates: int = 0
    watermarks: dict[Producer, Mark] = field(default_factory=dict)


def judged(batches: Iterable[Batch], known: dict[Identity, Entry]) -> Judged:
    """The rule, given what the ledger knew of these identities before."""
    found = dict(known)
    result = Judged()
    for batch in batches:
        first = found.get(batch.identity)
        if first is None or first.offset >= batch.offset:
            found[batch.identity] = Entry(batch.offset, batch.checksum)
            result.whole.append(batch)
        elif first.checksum == batch.checksum:
            result.duplicates += 1
        else:
            result.conflicting.append(batch)
    return result


class Ledger:
    """The ledger of one generation, with its memory. Used by one thread."""

    def __init__(self, store: Store, generation: int) -> None:
        self._store = store
        self._table = LEDGER.full_name(generation)
        self._watermarks: dict[Producer, Mark] = {}

    def judge(self, batches: Sequence[Batch]) -> Judged:
        """Reads the table where it must; changes nothing."""
        partitions = {batch.producer: batch.partition for batch in batches}
        marks = self._marks(set(partitions))
        suspects = {batch.identity for batch in batches if batch.seq <= marks[batch.producer]}
        result = judged(batches, self._entries(suspects))
        for batch in result.whole:
            marks[batch.producer] = max(marks[batch.producer], batch.seq)
        result.watermarks = {
            producer: Mark(partitions[producer], seq) for producer, seq in marks.items()
        }
        return result

    def advance(self, result: Judged) -> None:
        """These batches, and their offsets, are in the tables now."""
        self._watermarks.update(result.watermarks)
        while len(self._watermarks) > _REMEMBERED_MAX:
            del self._watermarks[next(iter(self._watermarks))]

    def forget(self, partitions: Collection[int] | None = None) -> None:
        """Of these partitions, or of all."""
        if partitions is None:
            self._watermarks.clear()
            return
        self._watermarks = {
            producer: mark
            for producer, mark in self._watermarks.items()
            if mark.partition not in partitions
        }

    def _marks(self, producers: set[Producer]) -> dict[Producer, int]:
        unknown = producers - self._watermarks.keys()
        marks = {one: self._watermarks[one].seq for one in producers - unknown}
        marks.update(dict.fromkeys(unknown, 0))
        if unknown:
            marks.update(self._read_marks(unknown))
        return marks

    def _read_marks(self, producers: set[Producer]) -> dict[Producer, int]:
        rows = self._store.rows(
            f"SELECT stream_id, hex(producer_id), max(seq) FROM {self._table} "
            "WHERE (stream_id, producer_id) IN (SELECT arrayJoin(arrayZip("
            "{streams:Array(String)}, "
            "arrayMap(x -> toFixedString(unhex(x), 16), {producers:Array(String)})))) "
            "GROUP BY stream_id, producer_id",
            _parameters(list(producers)),
        )
        return {(stream, bytes.fromhex(producer)): seq for stream, producer, seq in rows}

    def _entries(self, identities: set[Identity]) -> dict[Identity, Entry]:
        if not identities:
            return {}
        ordered = list(identities)
        rows = self._store.rows(
            "SELECT stream_id, hex(producer_id), seq, min(entry) AS first, "
            "first.offset, first.checksum "
            f"FROM {self._table} "
            "WHERE (stream_id, producer_id, seq) IN (SELECT arrayJoin(arrayZip("
            "{streams:Array(String)}, "
            "arrayMap(x -> toFixedString(unhex(x), 16), {producers:Array(String)}), "
            "{seqs:Array(UInt64)}))) "
            "GROUP BY stream_id, producer_id, seq",
            {
                **_parameters([identity[:2] for identity in ordered]),
                "seqs": [seq for _, _, seq in ordered],
            },
        )
        return {
            (stream, bytes.fromhex(producer), seq): Entry(offset, checksum)
            for stream, producer, seq, _, offset, checksum in rows
        }


def _parameters(producers: Sequence[Producer]) -> dict[str, list[str]]:
    return {
        "streams": [stream for stream, _ in producers],
        "producers": [producer.hex() for _, producer in producers],
    }


# The neutral elements of `entry` (min) and `conflict` (max).
_NO_ENTRY = (2**64 - 1, 0, 0, 0, 0)
_NO_CONFLICT = (0, 0)


def ledger_rows(result: Judged, poison: Sequence[Batch] = ()) -> Rows:
    """What the ledger says after these batches. poison: those that were set aside."""
    entries = [
        (batch, (*_totals(batch), int(batch.is_void)), _NO_CONFLICT) for batch in result.whole
    ]
    entries += [
        (batch, (batch.offset, 0, 0, batch.checksum, SET_ASIDE_STATE), _NO_CONFLICT)
        for batch in poison
    ]
    entries += [(batch, _NO_ENTRY, (batch.offset, batch.checksum)) for batch in result.conflicting]
    return Rows(
        LEDGER.name,
        len(entries),
        {
            "stream_id": [batch.stream_id for batch, _, _ in entries],
            "producer_id": [batch.producer_id for batch, _, _ in entries],
            "seq": [batch.seq for batch, _, _ in entries],
            "entry": tuple(zip(*(entry for _, entry, _ in entries), strict=True)),
            "conflict": tuple(zip(*(conflict for _, _, conflict in entries), strict=True)),
        },
    )


def _totals(batch: Batch) -> tuple[int, int, int, int]:
    return (batch.offset, batch.points, batch.event_count, batch.checksum)
