"""The registry log into the table of experiments.

What a record means depends on all before it (who has a name already), so the
state is always made from the start of the log; it is small. Rows written again
on the way are of versions that the table has or knows to be older.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence

from runstream_server.eventlog.port import REGISTRY, Record
from runstream_server.events.folds.columns import Rows
from runstream_server.events.registry import Experiment, Registry
from runstream_server.materialize.applied import applied_rows
from runstream_server.materialize.counters import Counters
from runstream_server.materialize.set_aside import SetAside, set_aside_rows
from runstream_server.materialize.sink import Sink
from runstream_server.materialize.writer import TableWriter
from runstream_server.store.engine import Store
from runstream_server.store.schema.experiments import EXPERIMENTS

_log = logging.getLogger(__name__)


class RegistrySink(Sink):
    """Every experiment that changed, then the applied offset."""

    name = REGISTRY

    def __init__(self, store: Store, generation: int, counters: Counters) -> None:
        self._counters = counters
        self._writer = TableWriter(store, generation)
        self._registry = Registry()

    def start(self, applied: Mapping[int, int]) -> dict[int, int]:
        self._registry = Registry()
        return {0: 0}

    def forget(self, partitions: Collection[int] | None = None) -> None:
        self._registry = Registry()

    def flush(self, records: Sequence[Record]) -> None:
        changed: dict[int, None] = {}
        refused: list[SetAside] = []
        for record in records:
            try:
                changed.update(dict.fromkeys(self._registry.apply(record.offset, record.value)))
            except Exception as error:
                # Whatever it is, it would come again: the rest must go on.
                reason = f"cannot be folded: {type(error).__name__}: {error}"
                refused.append(SetAside(REGISTRY, record.partition, record.offset, "", reason))
                _log.exception("set aside: registry log, offset %d", record.offset)
        found = (self._registry.get(experiment_id) for experiment_id in changed)
        self._writer.insert(experiment_rows([one for one in found if one is not None]))
        self._writer.insert(set_aside_rows(refused))
        self._writer.insert(applied_rows(self.name, {0: records[-1].offset + 1}))
        self._counters.set_aside += len(refused)


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
