"""The rules of a Metrics event, column by column: no Python object per point."""

from __future__ import annotations

import numpy as np

from runstream.v1 import events_pb2 as pb
from runstream_server.events import limits, rules

_COLUMN_BYTES = {"key_index": 4, "step": 8, "timestamp": 8, "value": 8}


def check_metrics(metrics: pb.Metrics, path: str) -> None:
    """Columns of equal length, indexes into the table of series, times from 0."""
    key_index, timestamp = metrics.key_index, metrics.timestamp
    points = len(key_index) // _COLUMN_BYTES["key_index"]
    if not points:
        raise rules.RuleError(
            f"{path}.key_index", f"Missing value for required parameter '{path}.key_index'."
        )
    sizes = {
        "key_index": len(key_index),
        "step": len(metrics.step),
        "timestamp": len(timestamp),
        "value": len(metrics.value),
    }
    for column, size in sizes.items():
        _check_size(f"{path}.{column}", size, points * _COLUMN_BYTES[column], points)
    _check_series(metrics, path)
    _check_indexes(key_index, len(metrics.series), f"{path}.key_index")
    _check_times(timestamp, f"{path}.timestamp")


def _check_size(field: str, size: int, expected: int, points: int) -> None:
    if size != expected:
        raise rules.RuleError(
            field,
            f"The column '{field}' has {size} bytes; {points} points need {expected}. "
            "All four columns must have the same number of entries.",
            f"{expected} bytes",
        )


def _check_series(metrics: pb.Metrics, path: str) -> None:
    for index, series in enumerate(metrics.series):
        place = f"{path}.series[{index}]"
        rules.key(f"{place}.key", series.key)
        if series.model_id:
            rules.at_most(f"{place}.model_id", series.model_id, limits.NAME_CHARACTERS)
        if series.dataset_name or series.dataset_digest:
            rules.at_most(
                f"{place}.dataset_name", series.dataset_name, limits.DATASET_NAME_CHARACTERS
            )
            rules.at_most(
                f"{place}.dataset_digest", series.dataset_digest, limits.DATASET_DIGEST_CHARACTERS
            )


def _check_indexes(column: bytes, series: int, field: str) -> None:
    indexes = np.frombuffer(column, dtype="<u4")
    at = int(indexes.argmax())
    if indexes[at] >= series:
        raise rules.RuleError(
            f"{field}[{at}]",
            f"Invalid value {indexes[at]} for parameter '{field}[{at}]' supplied: the batch "
            f"names {series} series.",
            f"less than {series}",
        )


def _check_times(column: bytes, field: str) -> None:
    times = np.frombuffer(column, dtype="<i8")
    at = int(times.argmin())
    if times[at] < 0:
        rules.not_negative(f"{field}[{at}]", int(times[at]))
