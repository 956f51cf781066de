"""The batches that are folded together, and how folds look at them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from runstream_server.events.decode import Batch
from runstream_server.events.folds.buckets import Buckets, buckets
from runstream_server.events.folds.pointset import PointSet, point_set


class Placed(NamedTuple):
    """An event of a run or a logged model, with its batch and its place in the log."""

    batch: Batch
    pos: int
    message: Any


@dataclass(frozen=True)
class Flush:
    """Batches in log order, each of which counts.

    whole: folded with all their events.
    points_only: of an identity that another content already had: points are a
        set, so theirs are folded; nothing else of them is.
    purged: runs purged by earlier flushes; what comes for them is dropped.
    """

    whole: Sequence[Batch]
    points_only: Sequence[Batch] = ()
    purged: frozenset[str] = field(default_factory=frozenset)

    def events(self, kind: str) -> Sequence[Placed]:
        """Events of that kind, of runs that are not purged, in log order."""
        return self._by_kind.get(kind, ())

    def model_events(self, kind: str) -> Sequence[Placed]:
        """Events of that kind in the streams of logged models, in log order."""
        return self._by_model_kind.get(kind, ())

    @cached_property
    def newly_purged(self) -> tuple[str, ...]:
        """Runs purged by this flush, in log order."""
        found = (
            batch.run_id
            for batch in self.whole
            for item in batch.items
            if item.kind == "run_purged" and batch.run_id
        )
        return tuple(dict.fromkeys(found))

    @cached_property
    def points(self) -> PointSet:
        return point_set(
            batch
            for batch in (*self.whole, *self.points_only)
            if batch.metrics and self._is_shown(batch)
        )

    @cached_property
    def buckets(self) -> Buckets:
        """Of at least one point."""
        return buckets(self.points)

    def run_batches(self) -> Iterator[Batch]:
        """The whole batches of runs that are not purged."""
        return (batch for batch in self.whole if self._is_shown(batch))

    def kinds(self) -> Counter[str]:
        """How many events there are of each kind."""
        return Counter(item.kind for batch in self.whole for item in batch.items)

    @cached_property
    def _hidden(self) -> frozenset[str]:
        return self.purged | frozenset(self.newly_purged)

    def _is_shown(self, batch: Batch) -> bool:
        return bool(batch.run_id) and batch.run_id not in self._hidden

    @cached_property
    def _by_kind(self) -> dict[str, list[Placed]]:
        return _by_kind(self.run_batches())

    @cached_property
    def _by_model_kind(self) -> dict[str, list[Placed]]:
        return _by_kind(batch for batch in self.whole if batch.model_id)


def _by_kind(batches: Iterable[Batch]) -> dict[str, list[Placed]]:
    found: dict[str, list[Placed]] = {}
    for batch in batches:
        for item in batch.items:
            place = Placed(batch, batch.pos(item.number), item.message)
            found.setdefault(item.kind, []).append(place)
    return found
