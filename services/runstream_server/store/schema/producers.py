"""One row per producer of a stream: who it said it is, and its totals at the end.

`started.pos` is 2^64-1 where it never said; `ended.last_seq` 0 where it never
ended.
"""

from __future__ import annotations

from runstream_server.store.schema.table import Column, Table

PRODUCERS = Table(
    name="producers",
    columns=(
        Column("stream_id", "String"),
        Column("producer_id", "FixedString(16)"),
        Column(
            "started",
            "Tuple(pos UInt64, source String, host String, pid Int64, world_size UInt32)",
            "min",
        ),
        Column(
            "ended",
            "Tuple(last_seq UInt64, points UInt64, events UInt64, died UInt8)",
            "max",
        ),
    ),
    order_by=("stream_id", "producer_id"),
    merge="aggregate",
)
