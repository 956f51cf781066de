"""Columns that the roll-up and the latest table share.

Only finite values are compared; flags say what else there was. Where there is
no finite value, a column holds the neutral element of its function, so that
merging it with anything gives the other.
"""

from __future__ import annotations

from runstream_server.store.schema.table import Column

_BY_STEP = "Tuple(step Int64, timestamp Int64, value Float64)"
_BY_VALUE = "Tuple(value Float64, step Int64, timestamp Int64)"

EXTREMES = (
    Column("minimum", _BY_VALUE, "min"),
    Column("maximum", _BY_VALUE, "max"),
)

ENDS = (
    Column("first", _BY_STEP, "min"),
    Column("last", _BY_STEP, "max"),
)

FLAGS = (
    Column("has_nan", "UInt8", "max"),
    Column("has_pos_inf", "UInt8", "max"),
    Column("has_neg_inf", "UInt8", "max"),
    Column("has_finite", "UInt8", "max"),
)

SERIES_KEY = (
    Column("run_id", "UUID"),
    Column("key", "LowCardinality(String)"),
    Column("source", "LowCardinality(String)"),
)
