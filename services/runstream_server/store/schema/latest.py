"""One row per series: its latest point, its extremes, and which values it had.

A tuple that holds NaN cannot be compared, so `last` holds 0 in its place and
says so in `is_nan`.
"""

from __future__ import annotations

from runstream_server.store.schema.aggregates import EXTREMES, FLAGS, SERIES_KEY
from runstream_server.store.schema.table import Column, Table

LATEST = Table(
    name="latest",
    columns=(
        *SERIES_KEY,
        Column("last", "Tuple(step Int64, timestamp Int64, value Float64, is_nan UInt8)", "max"),
        *EXTREMES,
        *FLAGS,
    ),
    order_by=("run_id", "key", "source"),
    merge="aggregate",
)
