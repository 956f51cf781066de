"""Every point that was logged. The same point twice is one point.

Equal points may belong to different models or datasets. Which of them stays
must not depend on what was inserted last, so `tie` decides, a number made from
their names alone.
"""

from __future__ import annotations

from runstream_server.store.schema.table import Column, Table

_WORDS = "LowCardinality(String)"

POINTS = Table(
    name="points",
    columns=(
        Column("run_id", "UUID"),
        # Plain strings: merges compare them, and do it in two thirds of the time
        # that they need for LowCardinality. On the disk both are nothing.
        Column("key", "String", sent_as=_WORDS),
        Column("source", "String", sent_as=_WORDS),
        Column("step", "Int64", codec="Delta, LZ4"),
        Column("timestamp", "Int64", codec="Delta, LZ4"),
        Column("value", "Float64"),
        Column("model_id", _WORDS),
        Column("dataset_name", _WORDS),
        Column("dataset_digest", _WORDS),
        Column("tie", "UInt32"),
    ),
    order_by=("run_id", "key", "source", "step", "timestamp", "value"),
    merge="replace",
    version="tie",
    settings=(
        # What was just inserted is one file, written in two thirds of the time;
        # a file per column comes with the first merge.
        "min_level_for_wide_part = 1",
        # Merge the sort key first and the other columns after it, one by one.
        "vertical_merge_algorithm_min_columns_to_activate = 1",
        # Merge more parts at once, and so every point less often.
        "merge_selector_base = 16",
    ),
)
