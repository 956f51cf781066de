"""Which model and dataset the latest point of a metric belongs to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from zlib import crc32

from runstream.v1 import tracking_pb2 as tracking
from runstream_server.query.sql import Parameters, run_id_hex
from runstream_server.query.view import View

_NAMES = ("model_id", "dataset_name", "dataset_digest")


def name_metrics(view: View, ids: Sequence[str], data: dict[str, tracking.RunData]) -> None:
    """Set the names on the metrics of these runs, where they were logged with any.

    Equal points of several series are one point, whose names are those of the
    greatest tie, as in the table of points.
    """
    parameters = Parameters()
    rows = view.rows(
        f"SELECT {run_id_hex('run_id')}, toString(key), toString(source), "
        "model_id, toString(dataset_name), toString(dataset_digest), max(last) AS top, "
        "top.step, top.timestamp, if(top.is_nan = 1, nan, top.value) "
        f"FROM {view.table('series')} WHERE run_id IN {parameters.runs(ids)} "
        "GROUP BY run_id, key, source, model_id, dataset_name, dataset_digest",
        parameters.values,
    )
    if not rows:
        return
    metrics = {(run_id, metric.key): metric for run_id in ids for metric in data[run_id].metrics}
    ties: dict[tuple[str, str], int] = {}
    for run_id, key, source, *names, _, step, timestamp, value in rows:
        metric = metrics.get((run_id, key))
        tie = crc32("\0".join(names).encode())
        if metric is None or not _is_latest(metric, source, step, timestamp, value):
            continue
        if tie >= ties.get((run_id, key), 0):
            ties[run_id, key] = tie
            for field, name in zip(_NAMES, names, strict=True):
                setattr(metric, field, name)


def _is_latest(
    metric: tracking.Metric, source: str, step: int, timestamp: int, value: float
) -> bool:
    same = metric.value == value or (math.isnan(metric.value) and math.isnan(value))
    return same and (metric.source, metric.step, metric.timestamp) == (source, step, timestamp)
