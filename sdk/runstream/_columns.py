"""Histories given as columns: lists, arrays and series of numbers to `array`s.

Nothing here needs numpy: what has the buffer of 64-bit numbers is copied as it
lies, everything else goes by `tolist()`.
"""

from __future__ import annotations

from array import array
from typing import Any, NamedTuple, Protocol

from runstream._validation import check_key, check_mapping, invalid_value
from runstream._values import as_step, as_timestamp_ms, as_value
from runstream._writer import now_ms

_NATIVE_INTEGERS = {"q", "l", "n"}


class Column(Protocol):
    """Numbers in order: a list, an array, a series."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any, /) -> Any: ...


class Columns(NamedTuple):
    """Points of many series that have their steps and times in common.

    values: key → one value per step.
    """

    steps: array[int]
    times_ms: array[int]
    values: dict[str, array[float]]


def is_column(given: Any) -> bool:
    """Whether it is many numbers: a list, a tuple, an array with a dimension, a series."""
    if isinstance(given, list | tuple | range | array | memoryview):
        return True
    shape = getattr(given, "shape", None)
    return shape is not None and len(shape) > 0 and hasattr(given, "__len__")


def checked_columns(metrics: Any, steps: Any, timestamps: Any) -> Columns:
    """All columns, whole or not at all. Raises INVALID_PARAMETER_VALUE."""
    step_column = _integers("step", steps, as_step)
    count = len(step_column)
    values: dict[str, array[float]] = {}
    for key, column in check_mapping("metrics", metrics).items():
        values[check_key(key)] = _values(key, column, count)
    return Columns(step_column, _times(timestamps, count), values)


def _times(timestamps: Any, count: int) -> array[int]:
    now = now_ms()
    if timestamps is None or not is_column(timestamps):
        return array("q", (as_timestamp_ms(timestamps) if timestamps else now,)) * count
    times = _integers("timestamp", timestamps, as_timestamp_ms)
    _check_count("timestamp", times, count)
    if times and min(times) < 0:
        as_timestamp_ms(min(times))
    if 0 in times:
        times = array("q", [time or now for time in times])
    return times


def _values(key: Any, column: Any, count: int) -> array[float]:
    name = f"metrics[{key!r}]"
    if not is_column(column):
        raise invalid_value(name, column, "with a column of steps, every metric is a column.")
    found = _copied(column, {"d"}, "d")
    if found is None:
        items = _items(name, column)
        try:
            found = array("d", items)
        except (TypeError, OverflowError):
            found = array("d", [as_value(key, item) for item in items])
    _check_count(name, found, count)
    return found


def _integers(name: str, column: Any, checked: Any) -> array[int]:
    found = _copied(column, _NATIVE_INTEGERS, "q")
    if found is not None:
        return found
    items = _items(name, column)
    try:
        return array("q", items)
    except (TypeError, OverflowError):
        return array("q", [checked(item) for item in items])


def _copied(column: Any, formats: set[str], typecode: str) -> array[Any] | None:
    """The numbers as they lie in memory; None where they lie there in another way."""
    try:
        view = memoryview(column)
    except (TypeError, ValueError, BufferError):
        return None
    if view.ndim != 1 or view.itemsize != 8 or view.format not in formats:
        return None
    found = array(typecode)
    found.frombytes(view.tobytes())
    return found


def _items(name: str, column: Any) -> list[Any]:
    for method in ("tolist", "to_list"):
        convert = getattr(column, method, None)
        if convert is not None:
            break
    try:
        items = list(column) if convert is None else convert()
    except Exception as error:  # foreign types raise what they like
        raise invalid_value(name, type(column).__name__, "it is no column of numbers.") from error
    if not isinstance(items, list) or any(isinstance(item, list) for item in items[:1]):
        raise invalid_value(name, type(column).__name__, "a column has one dimension.")
    return items


def _check_count(name: str, column: array[Any], count: int) -> None:
    if len(column) != count:
        raise invalid_value(
            name, len(column), f"it has as many entries as there are steps: {count}."
        )
