"""What the roll-up and the latest table keep of a stretch of sorted points."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runstream_server.events.folds.columns import Flags, Floats
from runstream_server.events.folds.pointset import Index, PointSet

_INT64_MIN = np.iinfo(np.int64).min
_INT64_MAX = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Summary:
    """Per stretch: the rows where its ends and extremes are, and its flags.

    Where a stretch has no finite value, the rows mean nothing.
    """

    first: Index
    last: Index
    minimum: Index
    maximum: Index
    least: Floats
    greatest: Floats
    has_finite: Flags
    has_nan: Flags
    has_pos_inf: Flags
    has_neg_inf: Flags


def summary(points: PointSet, starts: Index) -> Summary:
    """Of the stretches that begin at these rows and cover all rows."""
    ends = np.append(starts[1:], len(points))
    value = points.value
    if points.all_finite:
        none = np.zeros(len(starts), dtype=np.bool_)
        flags = (~none, none, none, none)
        first, last = starts, ends - 1
        low = high = value
    else:
        flags = _flags(points, starts)
        first, last = _finite_ends(points.finite, starts, ends)
        low = np.where(points.finite, value, np.inf)
        high = np.where(points.finite, value, -np.inf)
    least, minimum = _least(low, starts)
    greatest, maximum = _greatest(high, starts, ends)
    return Summary(first, last, minimum, maximum, least, greatest, *flags)


def merged(parts: Summary, starts: Index) -> Summary:
    """Of stretches made of the given ones; `starts` counts in those."""
    ends = np.append(starts[1:], len(parts.least))
    finite = parts.has_finite
    first, last = _finite_ends(finite, starts, ends)
    least, minimum = _least(parts.least, starts)
    greatest, maximum = _greatest(parts.greatest, starts, ends)
    return Summary(
        parts.first[first],
        parts.last[last],
        parts.minimum[minimum],
        parts.maximum[maximum],
        least,
        greatest,
        *(
            np.logical_or.reduceat(flag, starts)
            for flag in (finite, parts.has_nan, parts.has_pos_inf, parts.has_neg_inf)
        ),
    )


def _flags(points: PointSet, starts: Index) -> tuple[Flags, Flags, Flags, Flags]:
    value = points.value
    finite, nan, positive, negative = (
        np.logical_or.reduceat(flag, starts)
        for flag in (points.finite, np.isnan(value), value == np.inf, value == -np.inf)
    )
    return finite, nan, positive, negative


def _finite_ends(finite: Flags, starts: Index, ends: Index) -> tuple[Index, Index]:
    """The first and the last finite row; some row where there is none."""
    rows = np.flatnonzero(finite)
    if not len(rows):
        return starts, starts
    first = rows[np.minimum(np.searchsorted(rows, starts), len(rows) - 1)]
    last = rows[np.maximum(np.searchsorted(rows, ends) - 1, 0)]
    return first, last


def _least(value: Floats, starts: Index) -> tuple[Floats, Index]:
    """The least value per stretch, and the first row that has it."""
    least = np.minimum.reduceat(value, starts)
    hits = np.flatnonzero(value == np.repeat(least, _lengths(starts, len(value))))
    return least, hits[np.searchsorted(hits, starts)]


def _greatest(value: Floats, starts: Index, ends: Index) -> tuple[Floats, Index]:
    """The greatest value per stretch, and the last row that has it."""
    greatest = np.maximum.reduceat(value, starts)
    hits = np.flatnonzero(value == np.repeat(greatest, _lengths(starts, len(value))))
    return greatest, hits[np.searchsorted(hits, ends) - 1]


def _lengths(starts: Index, count: int) -> Index:
    return np.diff(starts, append=count)


def extreme_columns(points: PointSet, found: Summary) -> dict[str, Any]:
    """Minimum, maximum and flags as the tables hold them."""
    none = ~found.has_finite
    return {
        "minimum": _by_value(points, found.minimum, none, (np.inf, _INT64_MAX)),
        "maximum": _by_value(points, found.maximum, none, (-np.inf, _INT64_MIN)),
        "has_nan": found.has_nan.astype(np.uint8),
        "has_pos_inf": found.has_pos_inf.astype(np.uint8),
        "has_neg_inf": found.has_neg_inf.astype(np.uint8),
        "has_finite": found.has_finite.astype(np.uint8),
    }


def end_columns(points: PointSet, found: Summary) -> dict[str, Any]:
    """First and last finite point as the roll-up holds them."""
    none = ~found.has_finite
    return {
        "first": _by_step(points, found.first, none, _INT64_MAX),
        "last": _by_step(points, found.last, none, _INT64_MIN),
    }


def _by_value(
    points: PointSet, rows: Index, none: Flags, neutral: tuple[float, int]
) -> tuple[NDArray[Any], ...]:
    value, place = neutral
    return (
        np.where(none, value, points.value[rows]),
        np.where(none, place, points.step[rows]),
        np.where(none, place, points.timestamp[rows]),
    )


def _by_step(points: PointSet, rows: Index, none: Flags, place: int) -> tuple[NDArray[Any], ...]:
    return (
        np.where(none, place, points.step[rows]),
        np.where(none, place, points.timestamp[rows]),
        np.where(none, 0.0, points.value[rows]),
    )
