"""How far each partition has been folded: the offset of the next record."""

from __future__ import annotations

from runstream_server.store.schema.table import Column, Table

APPLIED = Table(
    name="applied",
    columns=(
        Column("log", "String"),
        Column("partition", "UInt32"),
        Column("next_offset", "Int64", "max"),
    ),
    order_by=("log", "partition"),
    merge="aggregate",
)
