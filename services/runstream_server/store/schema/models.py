"""Logged models: their attributes, params, tags and artifacts.

A model's id is "m-" and the 32 hex characters of `model_id`. Where nothing is
known yet stands the neutral element of the column's function: `created.pos`
2^64-1 (no LoggedModelCreated yet: the model is not shown), 0 elsewhere; the
places in `status` and `status_message` count from 1.
"""

from __future__ import annotations

from dataclasses import replace

from runstream_server.store.schema.artifacts import ARTIFACTS
from runstream_server.store.schema.params import PARAMS
from runstream_server.store.schema.table import Column, Table
from runstream_server.store.schema.tags import TAGS

MODELS = Table(
    name="models",
    columns=(
        Column("model_id", "UUID"),
        Column(
            "created",
            "Tuple(pos UInt64, experiment_id Int64, creation_time Int64, name String, "
            "model_type String, source_run_id String)",
            "min",
        ),
        Column("status", "Tuple(pos UInt64, status UInt8)", "max"),
        Column("status_message", "Tuple(pos UInt64, value String)", "max"),
        Column("updated_ms", "Int64", "max"),
        Column("deleted", "UInt8", "max"),
    ),
    order_by=("model_id",),
    merge="aggregate",
)


def _of_models(table: Table) -> Table:
    """The same of models instead of runs."""
    return replace(
        table,
        name=f"model_{table.name}",
        columns=(Column("model_id", "UUID"), *table.columns[1:]),
        order_by=("model_id", *table.order_by[1:]),
        settings=(),
        projections=(),
    )


MODEL_PARAMS = _of_models(PARAMS)
MODEL_TAGS = _of_models(TAGS)
MODEL_ARTIFACTS = _of_models(ARTIFACTS)
