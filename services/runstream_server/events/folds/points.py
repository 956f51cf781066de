"""Every point as it is."""

from __future__ import annotations

import numpy as np

from runstream_server.events.folds.columns import Rows
from runstream_server.events.folds.flush import Flush


def fold_points(flush: Flush) -> Rows:
    points = flush.points
    lengths = points.ends - points.starts
    return Rows(
        "points",
        len(points),
        {
            "run_id": np.repeat(points.run_id, lengths, axis=0),
            "key": points.key.repeat(lengths),
            "source": points.source.repeat(lengths),
            "step": points.step,
            "timestamp": points.timestamp,
            "value": points.value,
            "model_id": points.model_id,
            "dataset_name": points.dataset_name,
            "dataset_digest": points.dataset_digest,
            "tie": points.tie,
        },
    )
