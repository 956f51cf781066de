"""One row per model that a run read (role 0) or wrote (role 1); the first in log order counts."""

from __future__ import annotations

from runstream_server.store.schema.table import Column, Table

RUN_MODELS = Table(
    name="run_models",
    columns=(
        Column("run_id", "UUID"),
        Column("role", "UInt8"),
        Column("model_id", "String"),
        Column("step", "Int64"),
        # Falls with the place in the log: the greatest is the first.
        Column("version", "UInt64"),
    ),
    order_by=("run_id", "role", "model_id"),
    merge="replace",
    version="version",
)
