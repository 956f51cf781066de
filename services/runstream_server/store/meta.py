"""Small facts about the whole store, by name."""

from __future__ import annotations

import time
from collections.abc import Mapping

from runstream_server.store.engine import Store
from runstream_server.store.native import native_block
from runstream_server.store.schema.registers import META


def read_meta(store: Store, key: str) -> str | None:
    rows = store.rows("SELECT value FROM meta FINAL WHERE key = {key:String}", {"key": key})
    return rows[0][0] if rows else None


def read_facts(store: Store, prefix: str) -> dict[str, str]:
    """All whose name begins so."""
    return dict(
        store.rows(
            "SELECT key, value FROM meta FINAL WHERE startsWith(key, {prefix:String})",
            {"prefix": prefix},
        )
    )


def write_meta(store: Store, key: str, value: str) -> None:
    """The last write wins, whatever the clocks of the machines that write say."""
    write_facts(store, {key: value})


def write_facts(store: Store, facts: Mapping[str, str]) -> None:
    """Several at once; as `write_meta`."""
    known = store.scalar(
        "SELECT max(version) FROM meta WHERE key IN {keys:Array(String)}", {"keys": list(facts)}
    )
    columns = {
        "key": list(facts),
        "value": list(facts.values()),
        "version": [max(known + 1, time.time_ns())] * len(facts),
    }
    block = native_block(META.columns, columns, len(facts))
    store.insert_native(META.name, META.column_names, block)
