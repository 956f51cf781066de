"""One row per series: its latest point, its extremes, and which values it had.

A tuple that holds NaN cannot be compared, so `last` holds 0 in its place and
says so in `is_nan`.
"""

from __future__ import annotations

from runstream_server.store.schema.aggregates import EXTREMES, FLAGS, SERIES_KEY
from runstream_server.store.schema.table import FINE_GRAINED, Column, Projection, Table

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
    settings=FINE_GRAINED,
    # For searches, which ask for one key of all runs.
    projections=(
        Projection("by_key", columns=("key", "run_id", "last"), order_by=("key", "run_id")),
    ),
)
