"""One row per run: its attributes.

Status and end time are those of the newest attempt, then the last in log
order. Where nothing is known yet stands the neutral element of the column's
function: `created.pos` 2^64-1 (no RunCreated yet: the run is not shown),
`status.attempt` and `end_time.attempt` -2^63, 0 elsewhere.
"""

from __future__ import annotations

from runstream_server.store.schema.table import FINE_GRAINED, Column, Table

RUNS = Table(
    name="runs",
    columns=(
        Column("run_id", "UUID"),
        Column(
            "created",
            "Tuple(pos UInt64, experiment_id Int64, start_time Int64, user_id String)",
            "min",
        ),
        Column("status", "Tuple(attempt Int64, pos UInt64, status UInt8)", "max"),
        Column("end_time", "Tuple(attempt Int64, pos UInt64, end_time Int64)", "max"),
        Column("name", "Tuple(pos UInt64, value String)", "max"),
        Column("deleted", "Tuple(accepted_ms Int64, pos UInt64, deleted UInt8)", "max"),
        Column("heartbeat", "Int64", "max"),
        Column("purged", "UInt8", "max"),
    ),
    order_by=("run_id",),
    merge="aggregate",
    settings=FINE_GRAINED,
)
