"""One row per param.

The first value in log order counts. It was logged with different values
exactly when `value_min` and `value_max` differ.
"""

from __future__ import annotations

from runstream_server.store.schema.table import Column, Table

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
)
