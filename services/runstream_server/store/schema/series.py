"""One row per series that belongs to a model or a dataset: its latest point.

Series with neither, which is nearly all of them, have no row here.
"""

from __future__ import annotations

from runstream_server.store.schema.aggregates import SERIES_KEY
from runstream_server.store.schema.table import Column, Projection, Table

_WORDS = "LowCardinality(String)"

SERIES = Table(
    name="series",
    columns=(
        *SERIES_KEY,
        Column("model_id", "String", sent_as=_WORDS),
        Column("dataset_name", _WORDS),
        Column("dataset_digest", _WORDS),
        Column("last", "Tuple(step Int64, timestamp Int64, value Float64, is_nan UInt8)", "max"),
    ),
    order_by=("run_id", "key", "source", "model_id", "dataset_name", "dataset_digest"),
    merge="aggregate",
    # For logged models, which ask for the metrics of one model over all runs.
    projections=(
        Projection(
            "by_model",
            columns=(
                "model_id", "key", "run_id", "source", "dataset_name", "dataset_digest", "last",
            ),
            order_by=("model_id", "key", "run_id"),
        ),
    ),
)  # fmt: skip
