"""Rows of folds into the tables of one generation."""

from __future__ import annotations

from collections.abc import Mapping

from runstream_server.events.folds.columns import Rows
from runstream_server.store.engine import Store
from runstream_server.store.native import Buffers, native_parts
from runstream_server.store.schema.tables import TABLE_BY_NAME


class TableWriter:
    """Inserts. After an error the rows may be written or not: fold them again."""

    def __init__(
        self, store: Store, generation: int, elsewhere: Mapping[str, str] | None = None
    ) -> None:
        """elsewhere: for some tables, the full name of another one to write to."""
        self._store = store
        self._generation = generation
        self._elsewhere = elsewhere or {}

    def insert(self, rows: Rows) -> None:
        if not rows.count:
            return
        names = TABLE_BY_NAME[rows.table].column_names
        self._store.insert_native(self.target(rows.table), names, encoded(rows))

    def target(self, table: str) -> str:
        """The full name of the table that takes these rows."""
        return self._elsewhere.get(table) or TABLE_BY_NAME[table].full_name(self._generation)


def encoded(rows: Rows) -> Buffers:
    """The rows as a block of the table's columns, in pieces."""
    return native_parts(TABLE_BY_NAME[rows.table].columns, rows.columns, rows.count)
