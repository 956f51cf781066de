"""Records of the log, or parts of them, that no table could take, and why.

The bytes stay in the log at that offset.
"""

from __future__ import annotations

from runstream_server.store.schema.table import Column, Table

SET_ASIDE = Table(
    name="set_aside",
    columns=(
        Column("log", "String"),
        Column("partition", "UInt32"),
        Column("offset", "Int64"),
        Column("stream_id", "String"),
        Column("reason", "String"),
    ),
    order_by=("log", "partition", "offset"),
    merge="set",
)
