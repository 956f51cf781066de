"""Rows of a fold as the oracle has them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from runstream.v1 import events_pb2 as pb
from runstream_server.events.decode import decode
from runstream_server.events.folds.columns import Coded, Rows
from runstream_server.events.folds.flush import Flush
from runstream_server.store.schema.tables import TABLE_BY_NAME
from tests.unit.folds.oracle_log import Logged, Row


def plain_rows(rows: Rows) -> list[Row]:
    """Tuples in the order of the table's columns."""
    if not rows.count:
        return []
    names = TABLE_BY_NAME[rows.table].column_names
    return list(zip(*(plain_column(rows.columns[name]) for name in names), strict=True))


def plain_column(column: Any) -> list[Any]:
    if isinstance(column, Coded):
        return [column.words[index] for index in column.index.tolist()]
    if isinstance(column, np.ndarray) and column.ndim == 2:
        return [f"{high:016x}{low:016x}" for high, low in column.tolist()]
    if isinstance(column, np.ndarray):
        return [_plain(value) for value in column.tolist()]
    if isinstance(column, tuple):
        parts = (list(part) if isinstance(part, tuple) else part for part in column)
        return list(zip(*map(plain_column, parts), strict=True))
    return [_plain(value) for value in column]


def _plain(value: Any) -> Any:
    return "nan" if isinstance(value, float) and math.isnan(value) else value


def logged(records: Sequence[bytes]) -> list[Logged]:
    return [
        Logged(offset, pb.AppendRequest.FromString(value)) for offset, value in enumerate(records)
    ]


def flush(records: Sequence[bytes]) -> Flush:
    """One flush of these records, all of which count."""
    return Flush([decode(0, offset, value) for offset, value in enumerate(records)])
