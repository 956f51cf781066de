"""The registry log into the table of experiments.

What a record means depends on all before it (who has a name already), so the
state is always made from the start of the log; it is small. Rows written again
on the way are of versions that the table has or knows to be older.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from runstream_server.eventlog.port import REGISTRY, Record
from runstream_server.events.folds.columns import Rows
from runstream_server.events.registry import Experiment, Registry
from runstream_server.materialize.applied import applied_rows
from runstream_server.materialize.counters import Counters
from runstream_server.materialize.policy import FlushPolicy
from runstream_server.materialize.set_aside import (
    CANNOT_FOLD,
    REFUSED,
    SetAside,
    check_poison,
    set_aside_rows,
)
from runstream_server.materialize.sink import Sink
from runstream_server.materialize.writer import TableWriter
from runstream_server.store.engine import Store
from runstream_server.store.errors import RowsRefusedError
from runstream_server.store.schema.experiments import EXPERIMENTS

_log = logging.getLogger(__name__)


class _Changed(NamedTuple):
    """An experiment as the record at an offset left it."""

    offset: int
    experiment: Experiment


class RegistrySink(Sink):
    """Every experiment after each change, then the applied offset.

    A change that the store refuses is set aside, and the experiment keeps the row it
    had; however the log is cut into flushes. It stays in the fold, which ingest makes
    as well: the ids of all later experiments are counted there.
    """

    name = REGISTRY

    def __init__(
        self, store: Store, generation: int, policy: FlushPolicy, counters: Counters
    ) -> None:
        self._store = store
        self._generation = generation
        self._policy = policy
        self._counters = counters
        self._writer = TableWriter(store, generation)
        self._registry = Registry()

    def start(self, applied: Mapping[int, int]) -> dict[int, int]:
        self._registry = Registry()
        return {0: 0}

    def forget(self, partitions: Collection[int] | None = None) -> None:
        self._registry = Registry()

    def flush(self, records: Sequence[Record]) -> None:
        changed: list[_Changed] = []
        poison: list[SetAside] = []
        for record in records:
            try:
                changed += self._apply(record)
            except Exception as error:
                # Whatever it is, it would come again: the rest must go on.
                poison.append(
                    _aside(record.offset, f"{CANNOT_FOLD}{type(error).__name__}: {error}")
                )
        self._set_aside(poison + self._insert(changed))
        self._writer.insert(applied_rows(self.name, {0: records[-1].offset + 1}))

    def _apply(self, record: Record) -> list[_Changed]:
        ids = self._registry.apply(record.offset, record.value)
        found = ((record.offset, self._registry.get(one)) for one in ids)
        return [_Changed(offset, experiment) for offset, experiment in found if experiment]

    def _insert(self, changed: Sequence[_Changed]) -> list[SetAside]:
        """Halved until one is left that the store refuses alone."""
        try:
            self._writer.insert(experiment_rows([one.experiment for one in changed]))
        except RowsRefusedError as error:
            if len(changed) > 1:
                middle = len(changed) // 2
                return self._insert(changed[:middle]) + self._insert(changed[middle:])
            return [_aside(changed[0].offset, f"{REFUSED}{error}")]
        return []

    def _set_aside(self, found: Sequence[SetAside]) -> None:
        """Raises TooManySetAsideError."""
        if not found:
            return
        check_poison(self._store, self._generation, found, self._policy.poison_max)
        self._writer.insert(set_aside_rows(found))
        self._counters.set_aside += len(found)
        for one in found:
            _log.error("set aside: registry log, offset %d: %s", one.offset, one.reason)


def _aside(offset: int, reason: str) -> SetAside:
    return SetAside(REGISTRY, 0, offset, "", reason)


def experiment_rows(experiments: Sequence[Experiment]) -> Rows:
    """These experiments as rows of the table."""
    plain = [column.name for column in EXPERIMENTS.columns if column.name not in _CONVERTED]
    return Rows(
        EXPERIMENTS.name,
        len(experiments),
        {
            **{name: [getattr(one, name) for one in experiments] for name in plain},
            "deleted": [int(one.deleted) for one in experiments],
            "tags": [sorted(one.tags.items()) for one in experiments],
            "aliases": [list(one.aliases) for one in experiments],
        },
    )


_CONVERTED = frozenset({"deleted", "tags", "aliases"})
