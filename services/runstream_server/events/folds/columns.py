"""What a fold gives: rows of one table, by columns, ready for the store.

A column is a numpy array, a sequence of Python values, `Coded` for strings
that repeat, or a tuple of columns for a column of tuples. A run id is an array
(n, 2) of uint64: the high and the low half.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
Indexes = NDArray[np.uint32]
Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Coded:
    """Strings as positions in a list of words."""

    words: Sequence[str]
    index: NDArray[Any]

    def take(self, rows: NDArray[Any]) -> Coded:
        if len(self.words) == 1:
            # Memory that nobody writes to costs nothing.
            return Coded(self.words, np.zeros(len(rows), dtype=self.index.dtype))
        return Coded(self.words, self.index.take(rows))

    def repeat(self, times: NDArray[Any]) -> Coded:
        return Coded(self.words, np.repeat(self.index, times))


@dataclass(frozen=True)
class Rows:
    """Rows for the table of that name; all columns have `count` entries."""

    table: str
    count: int
    columns: Mapping[str, Any]


def run_words(run_ids: Sequence[str]) -> Words:
    """Run ids of 32 hex characters as (n, 2) words."""
    packed = bytes.fromhex("".join(run_ids))
    return np.frombuffer(packed, dtype=">u8").astype(np.uint64).reshape(-1, 2)
