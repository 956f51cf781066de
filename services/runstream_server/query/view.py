"""The tables that one call reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runstream_server.store.engine import Store
from runstream_server.store.generations import live_generation
from runstream_server.store.schema.tables import TABLE_BY_NAME


@dataclass(frozen=True)
class View:
    """One generation of tables, the same from the beginning of a call to its end."""

    store: Store
    generation: int

    def table(self, name: str) -> str:
        """The full name of a table in this generation."""
        return TABLE_BY_NAME[name].full_name(self.generation)

    def rows(self, sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        return self.store.rows(sql, params)

    def packed(
        self, sql: str, dtype: np.dtype[np.void], params: Mapping[str, Any]
    ) -> NDArray[np.void]:
        return self.store.packed(sql, dtype, params)


def open_view(store: Store) -> View:
    """The tables that are live now."""
    return View(store, live_generation(store))
