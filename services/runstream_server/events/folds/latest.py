"""The latest point of a series, its extremes and what values it had."""

from __future__ import annotations

import numpy as np

from runstream_server.events.folds.columns import Rows
from runstream_server.events.folds.flush import Flush
from runstream_server.events.folds.stretches import extreme_columns, merged

NAME = "latest"


def fold_latest(flush: Flush) -> Rows:
    points = flush.points
    if not len(points):
        return Rows(NAME, 0, {})
    buckets = flush.buckets
    first_bucket = np.searchsorted(buckets.group, np.arange(len(points.starts)))
    found = merged(buckets.summary, first_bucket)
    last = points.ends - 1
    value = points.value[last]
    missing = np.isnan(value)
    return Rows(
        NAME,
        len(last),
        {
            "run_id": points.run_id,
            "key": points.key,
            "source": points.source,
            "last": (
                points.step[last],
                points.timestamp[last],
                np.where(missing, 0.0, value),
                missing.astype(np.uint8),
            ),
            **extreme_columns(points, found),
        },
    )
