"""What charts need of every 1024 steps of a series."""

from __future__ import annotations

from runstream_server.events.folds.columns import Rows
from runstream_server.events.folds.flush import Flush
from runstream_server.events.folds.stretches import end_columns, extreme_columns

NAME = "rollup"


def fold_rollup(flush: Flush) -> Rows:
    points = flush.points
    if not len(points):
        return Rows(NAME, 0, {})
    buckets = flush.buckets
    return Rows(
        NAME,
        len(buckets.group),
        {
            "run_id": points.run_id[buckets.group],
            "key": points.key.take(buckets.group),
            "source": points.source.take(buckets.group),
            "bucket": buckets.bucket,
            **end_columns(points, buckets.summary),
            **extreme_columns(points, buckets.summary),
        },
    )
