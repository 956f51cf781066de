"""Every point as it is."""

from __future__ import annotations

import numpy as np

from runstream_server.events.folds.columns import Rows
from runstream_server.events.folds.flush import Flush


def fold_points(flush: Flush) -> Rows:
    points = flush.points
    group = np.repeat(np.arange(len(points.starts)), points.ends - points.starts)
    return Rows(
        "points",
        len(points),
        {
            "run_id": points.run_id[group],
            "key": points.key.take(group),
            "source": points.source.take(group),
            "step": points.step,
            "timestamp": points.timestamp,
            "value": points.value,
            "model_id": points.model_id,
            "dataset_name": points.dataset_name,
            "dataset_digest": points.dataset_digest,
            "tie": points.tie,
        },
    )
