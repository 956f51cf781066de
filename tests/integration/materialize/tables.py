"""Rows of a generation as the oracle has them."""

from __future__ import annotations

import math
import uuid
from typing import Any

from runstream_server.store.engine import Store
from runstream_server.store.schema.tables import TABLE_BY_NAME
from tests.unit.folds.oracle import Tables
from tests.unit.folds.oracle_log import Row


def read_tables(store: Store, generation: int, names: list[str]) -> Tables:
    """Merged rows of these tables, those of purged runs left out."""
    return {name: _rows(store, generation, name) for name in names}


def _rows(store: Store, generation: int, name: str) -> set[Row]:
    table = TABLE_BY_NAME[name]
    sql = f"SELECT {', '.join(map(_selected, table.column_names))} FROM "
    sql += f"{table.full_name(generation)} FINAL"
    if table.order_by[0] == "run_id" and name != "tombstones":
        tombstones = TABLE_BY_NAME["tombstones"].full_name(generation)
        sql += f" WHERE run_id NOT IN (SELECT run_id FROM {tombstones})"
    rows = [tuple(map(_plain, row)) for row in store.rows(sql)]
    assert len(rows) == len(set(rows)), f"{name} holds a row twice"
    return set(rows)


def _selected(column: str) -> str:
    return f"lower(hex({column}))" if column == "producer_id" else column


def _plain(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return value.hex
    if isinstance(value, float):
        return "nan" if math.isnan(value) else value
    if isinstance(value, dict):
        return tuple(map(_plain, value.values()))
    if isinstance(value, (tuple, list)):
        return tuple(map(_plain, value))
    return value
