"""One row per experiment, as the registry says."""

from __future__ import annotations

from runstream_server.store.schema.table import Column, Table

EXPERIMENTS = Table(
    name="experiments",
    columns=(
        Column("experiment_id", "Int64"),
        Column("name", "String"),
        Column("artifact_location", "String"),
        Column("created_ms", "Int64"),
        Column("updated_ms", "Int64"),
        Column("changed_ms", "Int64"),
        Column("deleted", "UInt8"),
        Column("tags", "Array(Tuple(key String, value String))"),
        Column("aliases", "Array(Int64)"),
        Column("version", "UInt64"),
    ),
    order_by=("experiment_id",),
    merge="replace",
    version="version",
)
