"""A line plot of a metric in braille dots: no spike is left out."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

# Dots of a braille character by (row, column), as bits above U+2800.
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
EMPTY = 0x2800
ROWS, COLUMNS = 4, 2


@dataclass
class _Span:
    """What the points of one column of dots cover."""

    low: float
    high: float
    first: float
    last: float


def plot(points: Sequence[tuple[int, float]], width: int = 60, height: int = 10) -> list[str]:
    """Lines of text: a frame with the range of values, the steps below.

    points: (step, value) in the order of the line. Values that are not finite
    are left out; empty when nothing is left.
    """
    finite = [(step, value) for step, value in points if math.isfinite(value)]
    if not finite:
        return []
    first, last = min(step for step, _ in finite), max(step for step, _ in finite)
    columns = width * COLUMNS
    spans = _spans(finite, first, max(1, last - first), columns)
    low, high = min(s.low for s in spans.values()), max(s.high for s in spans.values())
    canvas = [[EMPTY] * width for _ in range(height)]
    scale = _Scale(low, high, height * ROWS)
    for column, bottom, top in _strokes(spans, scale):
        for row in range(top, bottom + 1):
            canvas[row // ROWS][column // COLUMNS] |= DOTS[row % ROWS][column % COLUMNS]
    return _framed(canvas, (low, high), (first, last))


@dataclass(frozen=True)
class _Scale:
    low: float
    high: float
    rows: int

    def row(self, value: float) -> int:
        """The row of dots of a value, 0 at the top."""
        if self.high == self.low:
            return self.rows // 2
        # Halved first: the distance of two huge values is more than a float holds.
        share = (self.high / 2 - value / 2) / (self.high / 2 - self.low / 2)
        return round(share * (self.rows - 1))


def _spans(
    points: Sequence[tuple[int, float]], first: int, distance: int, columns: int
) -> dict[int, _Span]:
    spans: dict[int, _Span] = {}
    for step, value in points:
        column = (step - first) * (columns - 1) // distance
        span = spans.get(column)
        if span is None:
            spans[column] = _Span(value, value, value, value)
            continue
        span.low, span.high = min(span.low, value), max(span.high, value)
        span.last = value
    return spans


def _strokes(spans: dict[int, _Span], scale: _Scale) -> list[tuple[int, int, int]]:
    """(column, bottom row, top row) of every vertical stroke, neighbours joined."""
    strokes = []
    previous: tuple[int, float] | None = None
    for column in sorted(spans):
        span = spans[column]
        bottom, top = scale.row(span.low), scale.row(span.high)
        if previous is not None:
            strokes += _joined(previous, (column, span.first), scale)
        strokes.append((column, bottom, top))
        previous = (column, span.last)
    return strokes


def _joined(
    start: tuple[int, float], end: tuple[int, float], scale: _Scale
) -> list[tuple[int, int, int]]:
    """Strokes of the straight line between two dots, up to the column of the second."""
    (left, from_value), (right, to_value) = start, end
    from_row, to_row = scale.row(from_value), scale.row(to_value)
    rows = [
        from_row + round((to_row - from_row) * (column - left) / (right - left))
        for column in range(left, right + 1)
    ]
    pairs = itertools.pairwise(rows)
    return [(left + 1 + i, max(pair), min(pair)) for i, pair in enumerate(pairs)]


def _framed(
    canvas: list[list[int]], values: tuple[float, float], steps: tuple[int, int]
) -> list[str]:
    low, high = (f"{value:.4g}" for value in values)
    margin = max(len(low), len(high))
    labels = {0: high, len(canvas) - 1: low}
    lines = [
        f"{labels.get(row, ''):>{margin}} ┤{''.join(map(chr, cells))}".rstrip()
        for row, cells in enumerate(canvas)
    ]
    width = len(canvas[0])
    first, last = f"{steps[0]}", f"{steps[1]}"
    gap = max(1, width - len(first) - len(last))
    lines.append(f"{'':>{margin}} └{'─' * width}")
    lines.append(f"{'':>{margin}}  {first}{' ' * gap}{last}")
    return lines
