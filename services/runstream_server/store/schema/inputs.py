"""One row per dataset that a run read: the first in log order counts, with its tags."""

from __future__ import annotations

from runstream_server.store.schema.table import Column, Table

INPUTS = Table(
    name="inputs",
    columns=(
        Column("run_id", "UUID"),
        Column("name", "String"),
        Column("digest", "String"),
        Column("source_type", "String"),
        Column("source", "String"),
        Column("schema", "String"),
        Column("profile", "String"),
        Column("tags", "Array(Tuple(key String, value String))"),
        # Falls with the place in the log: the greatest is the first.
        Column("version", "UInt64"),
    ),
    order_by=("run_id", "name", "digest"),
    merge="replace",
    version="version",
)
