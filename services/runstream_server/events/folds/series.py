"""The latest point of each series that belongs to a model or a dataset."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runstream_server.events.folds.columns import Coded, Rows
from runstream_server.events.folds.flush import Flush
from runstream_server.events.folds.pointset import PointSet

NAME = "series"


def fold_series(flush: Flush) -> Rows:
    points = flush.points
    names = (points.model_id, points.dataset_name, points.dataset_digest)
    rows = _named_rows(names)
    if not len(rows):
        return Rows(NAME, 0, {})
    group = np.searchsorted(points.starts, rows, side="right") - 1
    last = _last_of_each(group, [name.take(rows) for name in names])
    rows, group = rows[last], group[last]
    return Rows(
        NAME,
        len(rows),
        {
            "run_id": points.run_id[group],
            "key": points.key.take(group),
            "source": points.source.take(group),
            **{
                column: name.take(rows)
                for column, name in zip(
                    ("model_id", "dataset_name", "dataset_digest"), names, strict=True
                )
            },
            "last": _last_points(points, rows),
        },
    )


def _named_rows(names: tuple[Coded, ...]) -> NDArray[np.intp]:
    """The points that have any of these names."""
    named: NDArray[np.bool_] | None = None
    for name in names:
        words = np.array([bool(word) for word in name.words])
        if words.any():
            having = words[name.index]
            named = having if named is None else named | having
    return np.empty(0, dtype=np.intp) if named is None else np.flatnonzero(named)


def _last_of_each(group: NDArray[np.intp], names: list[Coded]) -> NDArray[np.intp]:
    """Positions of the last row of each (group, names): the greatest, as points are sorted."""
    code = group.astype(np.int64)
    for name in names:
        _, code = np.unique(code * len(name.words) + name.index, return_inverse=True)
    _, from_the_end = np.unique(code[::-1], return_index=True)
    return len(code) - 1 - from_the_end


def _last_points(points: PointSet, rows: NDArray[np.intp]) -> tuple[NDArray[np.generic], ...]:
    value = points.value[rows]
    missing = np.isnan(value)
    return (
        points.step[rows],
        points.timestamp[rows],
        np.where(missing, 0.0, value),
        missing.astype(np.uint8),
    )
