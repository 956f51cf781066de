"""Attributes of runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runstream_server.events.decode import Batch
from runstream_server.events.folds.columns import Rows, run_words
from runstream_server.events.folds.flush import Flush
from runstream_server.events.folds.names import NAME_TAG, run_names, write_rank

_INT64_MIN = -(2**63)
_UINT64_MAX = 2**64 - 1

# Not a sign of life of the run: people do these to it, often much later.
_BY_PEOPLE = frozenset({"run_deleted", "run_restored", "run_purged"})


@dataclass
class Run:
    """A row; as made, the neutral element of every column."""

    created: tuple[int, int, int, str] = (_UINT64_MAX, 0, 0, "")
    status: tuple[int, int, int] = (_INT64_MIN, 0, 0)
    end_time: tuple[int, int, int] = (_INT64_MIN, 0, 0)
    name: tuple[int, str] = (0, "")
    deleted: tuple[int, int, int] = (0, 0, 0)
    heartbeat: int = 0
    purged: int = 0


_COLUMNS = ("created", "status", "end_time", "name", "deleted", "heartbeat", "purged")
_TUPLES = _COLUMNS[:5]


def fold_runs(flush: Flush) -> Rows:
    runs: dict[str, Run] = {run_id: Run(purged=1) for run_id in flush.newly_purged}
    for batch in flush.run_batches():
        run = runs.setdefault(batch.run_id, Run())
        if any(item.kind not in _BY_PEOPLE for item in batch.items) or batch.metrics:
            run.heartbeat = max(run.heartbeat, batch.accepted_ms)
    for kind, add in _ADDERS.items():
        for batch, pos, message in flush.events(kind):
            add(runs[batch.run_id], batch, pos, message)
    for run_id, rank, name in run_names(flush):
        run = runs[run_id]
        run.name = max(run.name, (rank, name))
    return run_rows(runs)


def run_rows(runs: dict[str, Run]) -> Rows:
    """These runs as rows of the table."""
    columns: dict[str, Any] = {
        name: [getattr(run, name) for run in runs.values()] for name in _COLUMNS
    }
    for name in _TUPLES:
        columns[name] = tuple(zip(*columns[name], strict=True))
    return Rows("runs", len(runs), {"run_id": run_words(list(runs)), **columns})


def _created(run: Run, batch: Batch, pos: int, message: Any) -> None:
    claim = (pos, batch.experiment_id, message.start_time_ms, message.user_id)
    run.created = min(run.created, claim)


def _updated(run: Run, batch: Batch, pos: int, message: Any) -> None:
    if message.HasField("status"):
        run.status = max(run.status, (batch.attempt_ms, pos, message.status))
    if message.HasField("end_time_ms"):
        run.end_time = max(run.end_time, (batch.attempt_ms, pos, message.end_time_ms))


def _renamed(run: Run, batch: Batch, pos: int, message: Any) -> None:
    for entry in message.set:
        if entry.key == NAME_TAG:
            run.name = max(run.name, (write_rank(pos), entry.value))


def _deleted(run: Run, batch: Batch, pos: int, message: Any) -> None:
    run.deleted = max(run.deleted, (batch.accepted_ms, pos, 1))


def _restored(run: Run, batch: Batch, pos: int, message: Any) -> None:
    run.deleted = max(run.deleted, (batch.accepted_ms, pos, 0))


_ADDERS: dict[str, Callable[[Run, Batch, int, Any], None]] = {
    "run_created": _created,
    "run_updated": _updated,
    "run_deleted": _deleted,
    "run_restored": _restored,
    "tags": _renamed,
}
