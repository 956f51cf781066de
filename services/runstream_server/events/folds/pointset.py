"""All points of a flush, sorted once for every fold that reads them.

The order is (run, key, source, step, timestamp, value), NaN compared as 0 and
after it: the order of the points table, in which the first and the last row of
a stretch are the least and the greatest of it.

-0.0 becomes 0.0, and every NaN the same NaN.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from runstream_server.events.decode import Batch, MetricsBlock, Series
from runstream_server.events.folds.columns import Coded, Flags, Floats, Ints, Words, run_words

Index = NDArray[np.intp]
Ranks = NDArray[np.unsignedinteger]

_Number = TypeVar("_Number", bound=np.generic)


@dataclass(frozen=True)
class PointSet:
    """Sorted points. A group is a (run, key, source); it is one stretch of rows.

    starts, ends: first row and the row after the last, per group.
    run_id, key, source: per group.
    model_id, dataset_name, dataset_digest, tie: per row.
    all_finite: no value is NaN or infinite.
    """

    run_id: Words
    key: Coded
    source: Coded
    starts: Index
    ends: Index
    step: Ints
    timestamp: Ints
    value: Floats
    model_id: Coded
    dataset_name: Coded
    dataset_digest: Coded
    tie: NDArray[np.uint32]
    finite: Flags
    all_finite: bool

    def __len__(self) -> int:
        return len(self.step)


class _Interned:
    """Strings to small numbers, in order of appearance."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, word: str) -> int:
        return self.numbers.setdefault(word, len(self.numbers))

    def coded(self, numbers: NDArray[np.int64]) -> Coded:
        """The dictionaries of many batches as one, with indexes into it."""
        words = list(self.numbers) or [""]
        return Coded(words, numbers.astype(np.min_scalar_type(len(words) - 1)))


_COLUMNS = ("run", "key", "source", "model_id", "dataset_name", "dataset_digest")


class _SeriesTable:
    """The distinct series of all blocks, each with a number."""

    def __init__(self) -> None:
        self.interned = {name: _Interned() for name in _COLUMNS}
        self.series: list[tuple[int, ...]] = []
        self.by_owner: dict[tuple[str, str], dict[Series, int]] = {}

    def numbers(self, batch: Batch, block: MetricsBlock) -> NDArray[np.uint32]:
        """For each series of the block its number here."""
        owned = self.by_owner.setdefault((batch.run_id, batch.source), {})
        found = [owned.get(one, -1) for one in block.series]
        if -1 in found:
            found = [self._number(batch, owned, one) for one in block.series]
        return np.array(found, dtype=np.uint32)

    def _number(self, batch: Batch, owned: dict[Series, int], series: Series) -> int:
        known = owned.get(series)
        if known is None:
            key, *names = series
            words = (batch.run_id, key, batch.source, *names)
            numbers = tuple(
                self.interned[name].number(word) for name, word in zip(_COLUMNS, words, strict=True)
            )
            known = owned[series] = len(self.series)
            self.series.append(numbers)
        return known

    def words(self, name: str) -> list[str]:
        return list(self.interned[name].numbers)

    def ties(self, columns: NDArray[np.int64]) -> NDArray[np.uint32]:
        """Per series a number made from its model and dataset; 0 without them."""
        words = [self.words(name) for name in _COLUMNS[3:]]
        named = [
            [words[column][number] for column, number in enumerate(numbers)]
            for numbers in columns[:, 3:].tolist()
        ]
        numbers = [crc32("\0".join(names).encode()) if any(names) else 0 for names in named]
        return np.array(numbers, dtype=np.uint32)

    def columns(self) -> NDArray[np.int64]:
        """Per series the numbers of its words, one column each."""
        return np.array(self.series, dtype=np.int64).reshape(-1, len(_COLUMNS))


def point_set(batches: Iterable[Batch]) -> PointSet:
    """Gather and sort; nothing in here is done per point in Python."""
    table = _SeriesTable()
    blocks = [(batch, block) for batch in batches for block in batch.metrics if len(block.step)]
    numbers = [table.numbers(batch, block).take(block.key_index) for batch, block in blocks]
    series = _concatenated(numbers, np.uint32)
    step = _concatenated([block.step for _, block in blocks], np.int64)
    timestamp = _concatenated([block.timestamp for _, block in blocks], np.int64)
    value = _normal(_concatenated([block.value for _, block in blocks], np.float64))
    columns = table.columns()
    groups, rank = _ranked_groups(table, columns)
    order, ranks = _sorted_order(rank.take(series), step, timestamp, value)
    if order is not None:
        series, step, timestamp = series.take(order), step.take(order), timestamp.take(order)
        value = value.take(order)
    return _assembled(table, columns, groups, ranks, series, (step, timestamp, value))


def _assembled(
    table: _SeriesTable,
    columns: NDArray[np.int64],
    groups: NDArray[np.int64],
    ranks: Ranks,
    series: NDArray[np.uint32],
    data: tuple[Ints, Ints, Floats],
) -> PointSet:
    """ranks, series, data: per row, sorted."""
    step, timestamp, value = data
    starts = _starts(ranks)
    # A key table may name series that no point of the batch uses.
    groups = groups[ranks[starts]]
    finite = np.isfinite(value)
    per_row = {
        name: table.interned[name].coded(columns[:, column])
        for column, name in enumerate(_COLUMNS)
        if column > 2
    }
    return PointSet(
        run_id=run_words(table.words("run"))[groups[:, 0]],
        key=table.interned["key"].coded(groups[:, 1]),
        source=table.interned["source"].coded(groups[:, 2]),
        starts=starts,
        ends=np.append(starts[1:], len(step)) if len(step) else starts,
        step=step,
        timestamp=timestamp,
        value=value,
        tie=_ties(table.ties(columns), series),
        finite=finite,
        all_finite=bool(finite.all()),
        **{name: coded.take(series) for name, coded in per_row.items()},
    )


def _ties(ties: NDArray[np.uint32], series: NDArray[np.uint32]) -> NDArray[np.uint32]:
    return ties.take(series) if ties.any() else np.zeros(len(series), dtype=np.uint32)


def _concatenated(parts: list[NDArray[_Number]], dtype: type[_Number]) -> NDArray[_Number]:
    return np.concatenate(parts) if parts else np.empty(0, dtype=dtype)


def _normal(value: Floats) -> Floats:
    value = value + 0.0  # -0.0 + 0.0 is 0.0; also makes the array ours.
    value[np.isnan(value)] = np.nan
    return value


def _ranked_groups(
    table: _SeriesTable, columns: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Ranks]:
    """The groups in table order, and for each series the rank of its group."""
    runs, keys, sources = (table.words(name) for name in _COLUMNS[:3])
    distinct = {tuple(row) for row in columns[:, :3].tolist()}
    ordered = sorted(
        distinct, key=lambda group: (runs[group[0]], keys[group[1]], sources[group[2]])
    )
    rank_of = {group: rank for rank, group in enumerate(ordered)}
    ranks = [rank_of[tuple(row)] for row in columns[:, :3].tolist()]
    dtype = np.min_scalar_type(max(len(ordered) - 1, 0))
    return np.array(ordered, dtype=np.int64).reshape(-1, 3), np.array(ranks, dtype=dtype)


def _starts(rank: Ranks) -> Index:
    if not len(rank):
        return np.empty(0, dtype=np.intp)
    return np.concatenate(([0], np.flatnonzero(rank[1:] != rank[:-1]) + 1))


def _sorted_order(
    rank: Ranks, step: Ints, timestamp: Ints, value: Floats
) -> tuple[Index | None, Ranks]:
    """The order of the rows, None when they lie in it already; and their ranks in it.

    What a process logs mostly comes in the order of its steps: then a stable
    sort by group is enough, which for few groups is a radix sort.
    """
    order = None
    if np.any(rank[1:] < rank[:-1]):
        order = np.argsort(rank, kind="stable")
        rank, step, timestamp = rank.take(order), step.take(order), timestamp.take(order)
    if not _has_disorder(rank, step, timestamp):
        return order, rank
    if order is not None:
        value = value.take(order)
    missing = np.isnan(value)
    finer = np.lexsort((missing, np.where(missing, 0.0, value), timestamp, step, rank))
    # Only the order within a group changes: ranks stay where they are.
    return (finer if order is None else order.take(finer)), rank


def _has_disorder(rank: Ranks, step: Ints, timestamp: Ints) -> bool:
    """Is a row not greater than the one before it in its group?"""
    risen = step[1:] > step[:-1]
    if risen.all():
        return False
    same = step[1:] == step[:-1]
    risen |= same & (timestamp[1:] > timestamp[:-1])
    risen |= rank[1:] != rank[:-1]
    return not bool(risen.all())
