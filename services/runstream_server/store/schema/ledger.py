"""One row per batch identity: which record of the log counts for it.

`entry` is of the record with the smallest offset (state 0: folded, 1: without
content, 2: set aside, because a table could not take it).
`conflict` is of the last record that carried the same identity and another
content; all 0 where there was none.
"""

from __future__ import annotations

from runstream_server.store.schema.table import Column, Table

SET_ASIDE_STATE = 2

LEDGER = Table(
    name="ledger",
    columns=(
        Column("stream_id", "String"),
        Column("producer_id", "FixedString(16)"),
        Column("seq", "UInt64"),
        Column(
            "entry",
            "Tuple(offset UInt64, points UInt64, events UInt64, checksum UInt32, state UInt8)",
            "min",
        ),
        Column("conflict", "Tuple(offset UInt64, checksum UInt32)", "max"),
    ),
    order_by=("stream_id", "producer_id", "seq"),
    merge="aggregate",
)
