"""Runs by id, as they are shown: merged attributes and their experiment's state.

Runs without RunCreated and purged ones do not exist for a reader. A run is
deleted when the later of its own and its experiment's last delete or restore
says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from runstream.v1 import events_pb2 as events
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.query.experiments import artifact_root
from runstream_server.query.sql import NO_ATTEMPT, NO_POSITION, Parameters, run_id_hex
from runstream_server.query.view import View

# No sign of life for this long while RUNNING: the run is shown as lost.
LOST_AFTER_MS = 5 * 60 * 1000


class ExperimentState(NamedTuple):
    """What an experiment says about its runs. changed_ms: 0 when never deleted."""

    changed_ms: int
    deleted: int
    location: str


class RunRow(NamedTuple):
    """One visible run. changed_ms, own_deleted: of its own last delete or restore."""

    run_id: str
    experiment_id: int
    start_time: int
    user_id: str
    status: int
    end_attempt: int
    end_time: int
    run_name: str
    changed_ms: int
    own_deleted: int
    heartbeat: int
    experiment: ExperimentState

    @property
    def is_deleted(self) -> bool:
        if self.experiment.changed_ms > self.changed_ms:
            return bool(self.experiment.deleted)
        return bool(self.own_deleted)


# Of an experiment that the registry's table does not hold yet.
_UNKNOWN = ExperimentState(0, 0, "")


def visible(view: View) -> str:
    """The condition on groups of rows by run_id: the run exists for a reader."""
    return (
        f"min(created.pos) != {NO_POSITION} AND max(purged) = 0 "
        f"AND run_id NOT IN (SELECT run_id FROM {view.table('tombstones')})"
    )


def read_run_rows(view: View, run_ids: Sequence[str]) -> list[RunRow]:
    """Those of these runs that exist, in the order given."""
    parameters = Parameters()
    created, ended, changed = "min(created)", "max(end_time)", "max(deleted)"
    rows = view.rows(
        f"SELECT {run_id_hex('run_id')}, {created}.experiment_id, {created}.start_time, "
        f"{created}.user_id, max(status).status, {ended}.attempt, {ended}.end_time, "
        f"max(name).value, {changed}.accepted_ms, {changed}.deleted, max(heartbeat) "
        f"FROM {view.table('runs')} WHERE run_id IN {parameters.runs(run_ids)} "
        f"GROUP BY run_id HAVING {visible(view)}",
        parameters.values,
    )
    states = read_experiment_states(view, {row[1] for row in rows})
    found = {row[0]: RunRow._make((*row, states.get(row[1], _UNKNOWN))) for row in rows}
    return [found[run_id] for run_id in run_ids if run_id in found]


def read_experiment_states(view: View, numbers: Iterable[int]) -> dict[int, ExperimentState]:
    """The states of those of these experiments that the registry knows."""
    parameters = Parameters()
    rows = view.rows(
        "SELECT experiment_id, changed_ms, deleted, artifact_location "
        f"FROM {view.table('experiments')} FINAL "
        f"WHERE experiment_id IN {parameters.integers(sorted(numbers))}",
        parameters.values,
    )
    return {number: ExperimentState(*state) for number, *state in rows}


def run_info(row: RunRow, now_ms: int) -> tracking.RunInfo:
    """The message for a row."""
    status = row.status or events.RUNNING
    info = tracking.RunInfo(
        run_id=row.run_id,
        run_name=row.run_name,
        experiment_id=str(row.experiment_id),
        user_id=row.user_id,
        status=events.RunStatus.Name(status),
        start_time=row.start_time,
        artifact_uri=artifact_uri(row),
        lifecycle_stage="deleted" if row.is_deleted else "active",
    )
    if row.end_attempt != NO_ATTEMPT:
        info.end_time = row.end_time
    last_sign_ms = max(row.heartbeat, row.start_time)
    if status == events.RUNNING and now_ms - last_sign_ms > LOST_AFTER_MS:
        info.lost_since = last_sign_ms
    return info


def artifact_uri(row: RunRow) -> str:
    """Where the run's artifacts are."""
    root = artifact_root(row.experiment_id, row.experiment.location)
    return f"{root.rstrip('/')}/{row.run_id}/artifacts"
