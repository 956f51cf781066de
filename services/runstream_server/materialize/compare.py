"""Do two generations hold the same rows?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runstream_server.store.engine import Store
from runstream_server.store.schema.set_aside import SET_ASIDE
from runstream_server.store.schema.table import Table
from runstream_server.store.schema.tables import TABLES
from runstream_server.store.schema.tombstones import TOMBSTONES

_SAMPLE_ROWS = 5


@dataclass(frozen=True)
class Difference:
    """A table in which they differ, with some rows that only one of them has."""

    table: str
    rows: tuple[int, int]
    only_first: tuple[tuple[Any, ...], ...]
    only_second: tuple[tuple[Any, ...], ...]


def compare_generations(store: Store, first: int, second: int) -> tuple[Difference, ...]:
    """Row for row, after merging; empty when they are equal.

    Rows of purged runs are left out: when they are deleted is nobody's promise.
    Both have to be at rest and at the same offsets.
    """
    found = (_difference(store, table, first, second) for table in TABLES)
    return tuple(one for one in found if one is not None)


def _difference(store: Store, table: Table, first: int, second: int) -> Difference | None:
    left, right = (merged(table, generation) for generation in (first, second))
    sums = [_fingerprint(store, rows) for rows in (left, right)]
    if sums[0] == sums[1]:
        return None
    return Difference(
        table.name,
        (sums[0][0], sums[1][0]),
        _only(store, left, right),
        _only(store, right, left),
    )


def merged(table: Table, generation: int) -> str:
    columns = "*"
    if table is SET_ASIDE:
        # The kind of reason; behind it the engine may name its table.
        columns = "* REPLACE (splitByChar(':', reason)[1] AS reason)"
    rows = f"SELECT {columns} FROM {table.full_name(generation)} FINAL"
    if table.order_by[0] != "run_id" or table is TOMBSTONES:
        return rows
    return f"{rows} WHERE run_id NOT IN (SELECT run_id FROM {TOMBSTONES.full_name(generation)})"


def _fingerprint(store: Store, rows: str) -> tuple[int, int]:
    ((count, total),) = store.rows(f"SELECT count(), sum(cityHash64(*)) FROM ({rows})")
    return count, total


def _only(store: Store, rows: str, others: str) -> tuple[tuple[Any, ...], ...]:
    hashes = f"SELECT cityHash64(*) FROM ({others})"
    return tuple(
        store.rows(
            f"SELECT * FROM ({rows}) WHERE cityHash64(*) NOT IN ({hashes}) LIMIT {_SAMPLE_ROWS}"
        )
    )
