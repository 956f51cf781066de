"""Purged runs: for ever hidden by their tombstone, deleted as garbage.

The tombstone is what counts. Deleting is repeated, because a batch that was
folded elsewhere at the same time may have brought rows back.
"""

from __future__ import annotations

import logging

from runstream_server.events.folds.runs import Run, run_rows
from runstream_server.materialize.writer import TableWriter
from runstream_server.store.engine import Store
from runstream_server.store.schema.artifacts import ARTIFACTS
from runstream_server.store.schema.inputs import INPUTS
from runstream_server.store.schema.latest import LATEST
from runstream_server.store.schema.params import PARAMS
from runstream_server.store.schema.points import POINTS
from runstream_server.store.schema.rollup import ROLLUP
from runstream_server.store.schema.run_models import RUN_MODELS
from runstream_server.store.schema.runs import RUNS
from runstream_server.store.schema.series import SERIES
from runstream_server.store.schema.tags import TAGS
from runstream_server.store.schema.tombstones import TOMBSTONES

_log = logging.getLogger(__name__)

# Who wrote how much (producers, ledger) is kept.
_EMPTIED = (POINTS, ROLLUP, LATEST, SERIES, PARAMS, TAGS, ARTIFACTS, INPUTS, RUN_MODELS)


def read_purged(store: Store, generation: int) -> frozenset[str]:
    """All runs that were ever purged."""
    rows = store.rows(
        "SELECT DISTINCT replaceAll(toString(run_id), '-', '') "
        f"FROM {TOMBSTONES.full_name(generation)}"
    )
    return frozenset(run_id for (run_id,) in rows)


def delete_purged(store: Store, generation: int) -> int:
    """Delete the rows of purged runs; returns how many tables had any.

    The row of the run itself is replaced by one that says nothing but purged.
    """
    purged = f"run_id IN (SELECT run_id FROM {TOMBSTONES.full_name(generation)})"
    dirty = []
    for table in _EMPTIED:
        name = table.full_name(generation)
        if _has_rows(store, f"{name} WHERE {purged}"):
            dirty.append(name)
            store.command(table.delete(name, purged))
    runs = RUNS.full_name(generation)
    telling = f"({purged}) AND (purged = 0 OR heartbeat != 0 OR name.pos != 0)"
    if _has_rows(store, f"{runs} WHERE {telling}"):
        dirty.append(runs)
        store.command(RUNS.delete(runs, purged))
        gone = {run_id: Run(purged=1) for run_id in read_purged(store, generation)}
        TableWriter(store, generation).insert(run_rows(gone))
    if dirty:
        _log.info("deleted rows of purged runs from %d tables", len(dirty))
    return len(dirty)


def _has_rows(store: Store, where: str) -> bool:
    return bool(store.rows(f"SELECT 1 FROM {where} LIMIT 1"))
