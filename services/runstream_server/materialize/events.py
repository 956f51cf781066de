"""The events log into the tables: decode, judge, fold, insert, ledger, applied."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Mapping, Sequence

from runstream_server.eventlog.port import EVENTS, Record
from runstream_server.events.decode import Batch
from runstream_server.events.folds.columns import Rows
from runstream_server.events.folds.flush import Flush
from runstream_server.events.folds.views import SHOWN_KINDS, VIEWS, View
from runstream_server.materialize.applied import applied_rows
from runstream_server.materialize.counters import Counters
from runstream_server.materialize.ledger import Judged, Ledger, ledger_rows
from runstream_server.materialize.policy import FlushPolicy
from runstream_server.materialize.purge import read_purged
from runstream_server.materialize.records import Part, parts
from runstream_server.materialize.set_aside import (
    CANNOT_FOLD,
    REFUSED,
    SetAside,
    check_poison,
    set_aside_rows,
)
from runstream_server.materialize.sink import Sink
from runstream_server.materialize.writer import TableWriter, encoded
from runstream_server.store.engine import Store
from runstream_server.store.errors import RowsRefusedError, StoreError

_log = logging.getLogger(__name__)

_CONFLICT = "another content was folded under this identity: only the points were taken"


class EventsSink(Sink):
    """Every view, then the ledger, then the applied offsets."""

    name = EVENTS
    views: Sequence[View] = VIEWS

    def __init__(
        self, store: Store, generation: int, policy: FlushPolicy, counters: Counters
    ) -> None:
        self._store = store
        self._generation = generation
        self._policy = policy
        self._counters = counters
        self._writer = TableWriter(store, generation)
        self._ledger = Ledger(store, generation)
        self._purged: frozenset[str] = frozenset()

    def start(self, applied: Mapping[int, int]) -> dict[int, int]:
        # After the applied offsets were read: a purge below them is in the tables.
        self._purged |= read_purged(self._store, self._generation)
        return dict(applied)

    def forget(self, partitions: Collection[int] | None = None) -> None:
        self._ledger.forget(partitions)

    @property
    def purged(self) -> frozenset[str]:
        """Runs that were purged, as far as the tables say."""
        return self._purged

    def flush(self, records: Sequence[Record]) -> None:
        for part in parts(records, self._policy.rows_max):
            self._flush_apart(part)

    def _flush_apart(self, part: Part) -> None:
        """Flush, setting aside the batches that alone are to blame for an error."""
        try:
            self._flush_part(part)
        except RowsRefusedError as error:
            self._ledger.forget()
            self._find_refused(part, error)
        except StoreError:
            raise
        except Exception as error:
            self._ledger.forget()
            self._flush_part(self._without_poison(part, error))

    def _find_refused(self, part: Part, error: RowsRefusedError) -> None:
        """Halve until one batch is left, which the store refuses alone.

        What the tables before took of it stays: a rebuild comes to the same.
        """
        if not part.batches:
            raise error
        if len(part.batches) > 1:
            for half in part.halves():
                self._flush_apart(half)
            return
        self._flush_part(self._poisoned(part, {0: f"{REFUSED}{error}"}))

    def _flush_part(self, part: Part) -> None:
        result = self._ledger.judge(part.batches)
        flush = Flush(result.whole, result.conflicting, self._purged)
        for view in self.views:
            self._insert(view.fold(flush))
        self._insert_account(result, part)
        self._insert(applied_rows(self.name, part.next_offsets))
        self._purged |= frozenset(flush.newly_purged)
        self._ledger.advance(result)
        self._count(part, result, flush)
        self._note_age(part.batches)

    def _insert(self, rows: Rows) -> None:
        self._writer.insert(rows)

    def _insert_account(self, result: Judged, part: Part) -> None:
        """What became of the records."""
        conflicts = (_conflict(batch) for batch in result.conflicting)
        self._insert(set_aside_rows([*part.refused, *conflicts]))
        self._insert(ledger_rows(result, part.poison))

    def _without_poison(self, part: Part, error: Exception) -> Part:
        """The part without the batches that break a fold, which are set aside.

        Raises the error when no single batch is to blame.
        """
        faults = enumerate(fault(batch, self.views) for batch in part.batches)
        reasons = {index: reason for index, reason in faults if reason}
        if not reasons:
            raise error
        return self._poisoned(part, reasons)

    def _poisoned(self, part: Part, reasons: Mapping[int, str]) -> Part:
        """Raises TooManySetAsideError."""
        rest = part.without(reasons)
        found = rest.refused[len(part.refused) :]
        check_poison(self._store, self._generation, found, self._policy.poison_max)
        return rest

    def _note_age(self, batches: Sequence[Batch]) -> None:
        """From acceptance by another machine's clock, so it may be a little wrong."""
        accepted_ms = [batch.accepted_ms for batch in batches if batch.accepted_ms]
        if accepted_ms:
            self._counters.batch_age_seconds = max(time.time() - min(accepted_ms) / 1000, 0.0)

    def _count(self, part: Part, result: Judged, flush: Flush) -> None:
        counters = self._counters
        counters.records += part.records
        counters.flushes += 1
        counters.points += len(flush.points)
        counters.duplicates += result.duplicates
        counters.conflicts += len(result.conflicting)
        counters.set_aside += len(part.refused)
        counters.not_shown.update(
            {kind: count for kind, count in flush.kinds().items() if kind not in SHOWN_KINDS}
        )
        for one in (*part.refused, *map(_conflict, result.conflicting)):
            _log.error(
                "set aside: %s log, partition %d, offset %d: %s",
                one.log,
                one.partition,
                one.offset,
                one.reason,
            )


def fault(batch: Batch, views: Iterable[View]) -> str:
    """Why the batch cannot be folded even alone; empty when it can."""
    try:
        flush = Flush([batch])
        for view in views:
            encoded(view.fold(flush))
    except Exception as error:
        return f"{CANNOT_FOLD}{type(error).__name__}: {error}"
    return ""


def _conflict(batch: Batch) -> SetAside:
    return SetAside(EVENTS, batch.partition, batch.offset, batch.stream_id, _CONFLICT)
