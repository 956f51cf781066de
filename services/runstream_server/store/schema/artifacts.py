"""One row per path of a run: which stored object it means now."""

from __future__ import annotations

from runstream_server.store.schema.table import Column, Table

ARTIFACTS = Table(
    name="artifacts",
    columns=(
        Column("run_id", "UUID"),
        Column("path", "String"),
        Column("object_key", "String"),
        Column("size", "Int64"),
        Column("sha256", "FixedString(32)"),
        Column("version", "UInt64"),
    ),
    order_by=("run_id", "path"),
    merge="replace",
    version="version",
)
