"""One row per tag: the last set or delete in log order counts."""

from __future__ import annotations

from runstream_server.store.schema.table import FINE_GRAINED, Column, Projection, Table

TAGS = Table(
    name="tags",
    columns=(
        Column("run_id", "UUID"),
        Column("key", "String"),
        Column("value", "String"),
        Column("version", "UInt64"),
        Column("deleted", "UInt8"),
    ),
    order_by=("run_id", "key"),
    merge="replace",
    version="version",
    deleted="deleted",
    settings=FINE_GRAINED,
    # For searches, which ask for one key of all runs.
    projections=(
        Projection(
            "by_key",
            columns=("key", "run_id", "value", "version", "deleted"),
            order_by=("key", "run_id"),
        ),
    ),
)
