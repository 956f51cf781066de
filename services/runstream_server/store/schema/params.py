"""One row per param.

The first value in log order counts. It was logged with different values
exactly when `value_min` and `value_max` differ.
"""

from __future__ import annotations

from runstream_server.store.schema.table import FINE_GRAINED, Column, Projection, Table

PARAMS = Table(
    name="params",
    columns=(
        Column("run_id", "UUID"),
        Column("key", "String"),
        Column("first", "Tuple(pos UInt64, value String)", "min"),
        Column("value_min", "String", "min"),
        Column("value_max", "String", "max"),
    ),
    order_by=("run_id", "key"),
    merge="aggregate",
    settings=FINE_GRAINED,
    # For searches, which ask for one key of all runs.
    projections=(
        Projection("by_key", columns=("key", "run_id", "first"), order_by=("key", "run_id")),
    ),
)
