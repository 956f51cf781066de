"""Small facts about the whole store, by name."""

from __future__ import annotations

import time

from runstream_server.store.engine import Store
from runstream_server.store.native import native_block
from runstream_server.store.schema.registers import META
from runstream_server.store.schema.table import DATABASE


def read_meta(store: Store, key: str) -> str | None:
    rows = store.rows(
        f"SELECT value FROM {DATABASE}.meta FINAL WHERE key = {{key:String}}", {"key": key}
    )
    return rows[0][0] if rows else None


def write_meta(store: Store, key: str, value: str) -> None:
    """The last write wins."""
    columns = {"key": [key], "value": [value], "version": [time.time_ns()]}
    store.insert_native(
        f"{DATABASE}.meta", META.column_names, native_block(META.columns, columns, 1)
    )
