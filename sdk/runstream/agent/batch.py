"""The events of one cut, per run, in exact program order.

A function of the cut's range, the cells, the frames and the book alone, so
that a cut built again after a crash has the same bytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from runstream.agent import columns, wire
from runstream.agent.cut import Range
from runstream.agent.definitions import BookError, RunEntry

Pieces = list["bytes | memoryview"]
CellSource = Callable[[int, int], Iterable[memoryview]]

# Up to here a key table holds every series of the run, and the column of series
# indexes goes out as it is; above, only those used, for a small batch of a run
# with thousands of keys.
_WHOLE_TABLE_MAX_SERIES = 64
_WHOLE_TABLE_POINTS_PER_SERIES = 16


class Item(NamedTuple):
    """A serialized Event, and how many points it holds (0: it is no Metrics)."""

    event: bytes
    points: int


@dataclass
class RunContent:
    """What one batch carries of one run, in order."""

    run_index: int
    items: list[Item] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        return sum(len(item.event) for item in self.items)


@dataclass(frozen=True)
class EventFrame:
    """A SpooledEvent of a cut and where it stands among the cells."""

    cells_before: int
    run_index: int
    event: bytes


def contents(
    chosen: Range,
    cells: CellSource,
    frames: Iterable[EventFrame],
    tracking_uri: str,
    known: Mapping[int, RunEntry],
) -> dict[int, RunContent]:
    """Per run index: the events of the range that go to `tracking_uri`.

    known: the runs of all lanes; a cell of any other is damage (BookError).
    """
    builder = _Builder(chosen.stop.event_bytes, tracking_uri, known)
    position = chosen.start.cells
    for frame in frames:
        if not builder.takes(frame.run_index):
            continue
        before = min(max(position, frame.cells_before), chosen.stop.cells)
        builder.add_cells(cells, position, before)
        position = before
        builder.add_event(frame.run_index, frame.event)
    builder.add_cells(cells, position, chosen.stop.cells)
    return builder.finish()


class _Builder:
    def __init__(self, event_bytes: int, tracking_uri: str, known: Mapping[int, RunEntry]) -> None:
        self._event_bytes = event_bytes
        self._tracking_uri = tracking_uri
        self._known = known
        self._contents: dict[int, RunContent] = {}
        self._waiting: dict[int, Pieces] = {}

    def takes(self, run_index: int) -> bool:
        entry = self._known.get(run_index)
        if entry is None or entry.at >= self._event_bytes:
            raise BookError(f"run index {run_index} is used before it is defined")
        return entry.definition.tracking_uri == self._tracking_uri

    def add_cells(self, cells: CellSource, start: int, stop: int) -> None:
        if start >= stop:
            return
        for piece in cells(start, stop):
            for run_index, pieces in columns.by_run(piece).items():
                if self.takes(run_index):
                    self._waiting.setdefault(run_index, []).extend(pieces)

    def add_event(self, run_index: int, event: bytes) -> None:
        content = self._content(run_index)
        self._flush(content)
        content.items.append(Item(event, wire.points_in(event)))

    def _content(self, run_index: int) -> RunContent:
        if run_index not in self._contents:
            self._contents[run_index] = RunContent(run_index)
        return self._contents[run_index]

    def finish(self) -> dict[int, RunContent]:
        for run_index in list(self._waiting):
            self._flush(self._content(run_index))
        return dict(sorted(self._contents.items()))

    def _flush(self, content: RunContent) -> None:
        pieces = self._waiting.pop(content.run_index, None)
        if not pieces:
            return
        cols = columns.columns(pieces)
        entry = self._known[content.run_index]
        table, key_index = _key_table(entry, self._event_bytes, cols.series)
        event = wire.metrics_event(
            table,
            (columns.little(key_index), cols.step, cols.timestamp, cols.value),
            cols.last_timestamp,
        )
        content.items.append(Item(event, cols.count))


def _key_table(entry: RunEntry, event_bytes: int, series: array[int]) -> tuple[bytes, array[int]]:
    """The key table of a Metrics event, and the column that points into it."""
    count = entry.whole_table(event_bytes)
    if count is not None and _is_whole_worth_it(count, len(series)):
        return b"".join([entry.series[index] for index in range(count)]), series
    used = sorted(set(series))
    try:
        table = b"".join([entry.series[index] for index in used])
    except KeyError as error:
        raise BookError(f"a cell uses series index {error}, never defined") from None
    place = {index: number for number, index in enumerate(used)}
    return table, array("I", map(place.__getitem__, series))


def _is_whole_worth_it(count: int, points: int) -> bool:
    if count <= _WHOLE_TABLE_MAX_SERIES:
        return 0 < count <= points
    return count * _WHOLE_TABLE_POINTS_PER_SERIES <= points
