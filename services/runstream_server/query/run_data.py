"""Metrics, params and tags of a page of runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runstream.v1 import events_pb2 as events
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.query.series_names import name_metrics
from runstream_server.query.sql import Parameters, run_id_hex
from runstream_server.query.view import View

# Ids in one statement: their text stays below 1 MB.
_RUNS_PER_STATEMENT = 10_000


def read_run_data(view: View, run_ids: Sequence[str]) -> dict[str, tracking.RunData]:
    """The data of these runs; every run id has an entry. Keys are sorted."""
    data = {run_id: tracking.RunData() for run_id in run_ids}
    for ids in chunks(run_ids):
        _read_metrics(view, ids, data)
        name_metrics(view, ids, data)
        _read_params(view, ids, data)
        _read_tags(view, ids, data)
    return data


def chunks(run_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many ids as one statement may hold."""
    for start in range(0, len(run_ids), _RUNS_PER_STATEMENT):
        yield run_ids[start : start + _RUNS_PER_STATEMENT]


def _read_metrics(view: View, ids: Sequence[str], data: dict[str, tracking.RunData]) -> None:
    """The latest value over all sources: greatest step, timestamp, value (NaN as 0)."""
    parameters = Parameters()
    top = "max((last, toString(source)))"
    rows = view.rows(
        f"SELECT {run_id_hex('run_id')}, toString(key) AS name, "
        f"if({top}.1.is_nan = 1, nan, {top}.1.value), {top}.1.timestamp, {top}.1.step, {top}.2 "
        f"FROM {view.table('latest')} WHERE run_id IN {parameters.runs(ids)} "
        "GROUP BY run_id, key ORDER BY name",
        parameters.values,
    )
    for run_id, key, value, timestamp, step, source in rows:
        data[run_id].metrics.add(
            key=key, value=value, timestamp=timestamp, step=step, source=source
        )


def _read_params(view: View, ids: Sequence[str], data: dict[str, tracking.RunData]) -> None:
    """The first value in log order; keys with other values later are named too."""
    parameters = Parameters()
    rows = view.rows(
        f"SELECT {run_id_hex('run_id')}, toString(key) AS name, argMin(first.value, first.pos), "
        "min(value_min) != max(value_max) "
        f"FROM {view.table('params')} WHERE run_id IN {parameters.runs(ids)} "
        "GROUP BY run_id, key ORDER BY name",
        parameters.values,
    )
    for run_id, key, value, conflict in rows:
        data[run_id].params.add(key=key, value=value)
        if conflict:
            data[run_id].param_conflicts.append(key)


def _read_tags(view: View, ids: Sequence[str], data: dict[str, tracking.RunData]) -> None:
    """The last set in log order, unless a delete came after it."""
    parameters = Parameters()
    rows = view.rows(
        f"SELECT {run_id_hex('run_id')}, toString(key) AS name, argMax(value, version) "
        f"FROM {view.table('tags')} WHERE run_id IN {parameters.runs(ids)} "
        "GROUP BY run_id, key HAVING argMax(deleted, version) = 0 ORDER BY name",
        parameters.values,
    )
    for run_id, key, value in rows:
        data[run_id].tags.append(events.KeyValue(key=key, value=value))
