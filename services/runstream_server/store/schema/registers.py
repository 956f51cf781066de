"""The two tables that stand above the generations."""

from __future__ import annotations

from runstream_server.store.schema.table import Column, Table

GENERATIONS = Table(
    name="generations",
    columns=(
        Column("id", "UInt32"),
        Column("state", "String"),
        Column("version", "UInt64"),
    ),
    order_by=("id",),
    merge="replace",
    version="version",
)

META = Table(
    name="meta",
    columns=(
        Column("key", "String"),
        Column("value", "String"),
        Column("version", "UInt64"),
    ),
    order_by=("key",),
    merge="replace",
    version="version",
)
