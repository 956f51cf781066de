"""Which cells and frames go out next: ranges, chosen once and then recorded.

Pure: the caller brings what is visible and the time. The rule that keeps order
and definitions right: a frame is in a cut only when all cells written before it
are in this cut or an earlier one, and a cell is in a cut only when every frame
read before it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from runstream.agent.limits import CUT_AGE_SECONDS, CUT_TARGET_BYTES, POINT_BYTES


class Cursor(NamedTuple):
    """A place in a process's spool: cells and event bytes before it."""

    cells: int
    event_bytes: int


class FramePlace(NamedTuple):
    """Where a frame lies in the events files, and after how many cells."""

    start: int
    end: int
    cells_before: int


class Range(NamedTuple):
    """Half-open: everything from `start` up to, not with, `stop`."""

    start: Cursor
    stop: Cursor

    @property
    def empty(self) -> bool:
        return self.start == self.stop


@dataclass(frozen=True)
class CutPolicy:
    """When a cut is due, and how large it gets."""

    target_bytes: int = CUT_TARGET_BYTES
    age_seconds: float = CUT_AGE_SECONDS

    def due(self, pending_bytes: int, waited_seconds: float, urgent: bool) -> bool:
        """Whether what is pending should go out now."""
        if pending_bytes <= 0:
            return False
        return urgent or pending_bytes >= self.target_bytes or waited_seconds >= self.age_seconds


def pending_bytes(cursor: Cursor, visible: Cursor) -> int:
    """About how long a batch of all that is visible would be."""
    cells = visible.cells - cursor.cells
    return cells * POINT_BYTES + visible.event_bytes - cursor.event_bytes


def choose(
    start: Cursor, visible: Cursor, frames: Iterable[FramePlace], budget_bytes: int
) -> Range:
    """The next range from `start` of about `budget_bytes`; never empty when there is something.

    frames: those that begin at or after `start`, in order; when they end before
    what is visible does, so does the range.
    """
    cells = min(visible.cells, start.cells + max(1, budget_bytes // POINT_BYTES))
    left = budget_bytes
    done = start
    for frame in frames:
        if frame.start >= visible.event_bytes:
            break
        before = max(done.cells, min(frame.cells_before, visible.cells))
        cost = (before - done.cells) * POINT_BYTES + frame.end - frame.start
        if before > cells:
            return Range(start, Cursor(cells, done.event_bytes))
        if cost > left and done.event_bytes > start.event_bytes:
            fits = min(before, done.cells + max(0, left) // POINT_BYTES)
            return Range(start, Cursor(fits, done.event_bytes))
        left -= cost
        done = Cursor(before, frame.end)
    if done.event_bytes < visible.event_bytes:  # frames beyond what was handed in
        return Range(start, done)
    room = max(0, left) // POINT_BYTES
    fits = cells if done == start else min(cells, done.cells + room)
    return Range(start, Cursor(max(fits, done.cells), done.event_bytes))
