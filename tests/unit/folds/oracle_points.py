"""Points, roll-up and latest, one point after the other."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from zlib import crc32

import numpy as np

from runstream.v1 import events_pb2 as pb
from tests.unit.folds.oracle_log import INT64_MAX, INT64_MIN, Account, Logged, Row, events


def plain(value: float) -> float | str:
    return "nan" if math.isnan(value) else value + 0.0


def series_points(account: Account) -> dict[Row, set[Row]]:
    """Points by (run, key, source). Of equal ones, that of the greatest tie."""
    chosen: dict[Row, Row] = {}
    for one in (*account.whole, *account.points_only):
        for _, kind, message in events(one):
            if kind == "metrics":
                for key, owner in event_points(one, message):
                    chosen[key] = max(chosen.get(key, (-1,)), owner)
    found: dict[Row, set[Row]] = defaultdict(set)
    for key, owner in chosen.items():
        found[key[:3]].add((*key, *owner[1:], owner[0]))
    return found


def event_points(one: Logged, message: pb.Metrics) -> Iterator[tuple[Row, Row]]:
    columns = (
        np.frombuffer(message.key_index, "<u4"),
        np.frombuffer(message.step, "<i8"),
        np.frombuffer(message.timestamp, "<i8"),
        np.frombuffer(message.value, "<f8"),
    )
    for index, step, timestamp, value in zip(*(column.tolist() for column in columns), strict=True):
        series = message.series[index]
        names = (series.model_id, series.dataset_name, series.dataset_digest)
        tie = crc32("\0".join(names).encode()) if any(names) else 0
        key = (one.run, series.key, one.request.source, step, timestamp, plain(value))
        yield key, (tie, *names)


def flags(values: list[Any]) -> Row:
    return (
        int("nan" in values),
        int(math.inf in values),
        int(-math.inf in values),
        int(any(is_finite(value) for value in values)),
    )


def is_finite(value: Any) -> bool:
    return value != "nan" and math.isfinite(value)


def extremes(points: set[Row]) -> Row:
    finite = [(value, step, at) for *_, step, at, value in _trimmed(points) if is_finite(value)]
    if not finite:
        return ((math.inf, INT64_MAX, INT64_MAX), (-math.inf, INT64_MIN, INT64_MIN))
    return (min(finite), max(finite))


def _trimmed(points: set[Row]) -> Iterator[Row]:
    return (point[:6] for point in points)


def rollup_rows(series: dict[Row, set[Row]]) -> Iterator[Row]:
    for key, points in series.items():
        buckets: dict[int, set[Row]] = defaultdict(set)
        for point in points:
            buckets[point[3] // 1024].add(point)
        for bucket, inside in buckets.items():
            finite = [point[3:6] for point in inside if is_finite(point[5])]
            ends = (
                (min(finite), max(finite))
                if finite
                else ((INT64_MAX, INT64_MAX, 0.0), (INT64_MIN, INT64_MIN, 0.0))
            )
            values = [point[5] for point in inside]
            yield (*key, bucket, *ends, *extremes(inside), *flags(values))


def latest_rows(series: dict[Row, set[Row]]) -> Iterator[Row]:
    for key, points in series.items():
        last = max(
            (step, at, 0.0 if value == "nan" else value, int(value == "nan"))
            for *_, step, at, value in _trimmed(points)
        )
        yield (*key, last, *extremes(points), *flags([point[5] for point in points]))
