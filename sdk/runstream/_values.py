"""Numbers as users have them, to the plain ones that are stored."""

from __future__ import annotations

import operator
from typing import Any

from runstream._limits import STEP_MAX, STEP_MIN, TIMESTAMP_MAX_MS
from runstream._validation import invalid_value


def as_value(key: str, value: Any) -> float:
    """The value of a metric as a float.

    Taken is what `float()` takes (numbers, Decimal, numeric text) and arrays
    and tensors of one element.
    """
    item = getattr(value, "item", None)
    try:
        return float(value if item is None else item())
    except Exception as error:  # foreign types raise what they like
        raise invalid_value(
            "value", value, f"the value of metric {key!r} must be a number (a 64-bit float)."
        ) from error


def as_step(step: Any) -> int:
    """A step as an integer of 64 bits; None is 0."""
    number = 0 if step is None else _integer("step", step)
    if not STEP_MIN <= number <= STEP_MAX:
        raise invalid_value("step", step, "it must fit into 64 bits (-2^63 to 2^63 - 1).")
    return number


def as_timestamp_ms(timestamp: Any) -> int:
    """A time in Unix ms as an integer."""
    number = _integer("timestamp", timestamp)
    if not 0 <= number <= TIMESTAMP_MAX_MS:
        raise invalid_value(
            "timestamp", timestamp, "it must be Unix time in ms, from 0 to 2^63 - 1."
        )
    return number


def _integer(name: str, number: Any) -> int:
    try:
        return operator.index(number)
    except TypeError:
        pass
    try:
        as_float = float(number)
        if not isinstance(number, str) and as_float.is_integer():
            return int(number)
    except Exception as error:  # foreign types raise what they like
        raise invalid_value(name, number, "it must be an integer.") from error
    raise invalid_value(name, number, "it must be an integer.")
