"""One row per tag: the last set or delete in log order counts."""

from __future__ import annotations

from runstream_server.store.schema.table import Column, Table

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
)
