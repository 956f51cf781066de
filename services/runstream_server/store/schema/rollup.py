"""One row per series and 1024 steps: what a chart needs of them."""

from __future__ import annotations

from runstream_server.store.schema.aggregates import ENDS, EXTREMES, FLAGS, SERIES_KEY
from runstream_server.store.schema.table import Column, Table

ROLLUP = Table(
    name="rollup",
    columns=(*SERIES_KEY, Column("bucket", "Int64"), *ENDS, *EXTREMES, *FLAGS),
    order_by=("run_id", "key", "source", "bucket"),
    merge="aggregate",
)
