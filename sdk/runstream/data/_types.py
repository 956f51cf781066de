"""Types of columns and elements, as they stand in a schema's JSON.

A type is a dictionary, as it is written: {"type": "long"}, {"type": "array",
"items": …}, {"type": "object", "properties": {name: {…, "required": bool}}}.
"any" is what nothing is known of: a value that is missing, an empty list.
"""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterable, Mapping
from typing import Any

from runstream.exceptions import MlflowException

JsonType = dict[str, Any]

ANY: JsonType = {"type": "any"}
_NESTED = frozenset({"any", "array", "object"})
_TIMES = (datetime.date, datetime.datetime)


class UnknownType(MlflowException):
    """Data of a kind that no schema can describe."""


def type_of(value: Any) -> JsonType | None:
    """The type of one value; None for an empty array, which may be of any."""
    import numpy as np

    if is_missing(value) or (isinstance(value, (list, dict)) and not value):
        return ANY
    if isinstance(value, dict):
        return _object_type(value)
    if isinstance(value, (list, np.ndarray)):
        return common_type(value)
    return _scalar_type(value)


def common_type(values: Iterable[Any]) -> JsonType | None:
    """The array that these values are in; None when nothing is known of them."""
    items: JsonType | None = None
    for value in values:
        found = type_of(value)
        if found is not None:
            items = found if items is None else _merged_item(items, found)
    return None if items is None else {"type": "array", "items": items}


def is_missing(value: Any) -> bool:
    """None, NaN, and what pandas has for them."""
    import pandas as pd

    if isinstance(value, float):
        return math.isnan(value)
    return value is None or value is pd.NA or value is pd.NaT


def _object_type(value: Mapping[Any, Any]) -> JsonType:
    properties = {}
    for name in sorted(value):
        found = type_of(value[name])
        if found is None:
            raise UnknownType("Dictionary value must not be an empty numpy array.")
        properties[name] = {**found, "required": found["type"] != "any"}
    return {"type": "object", "properties": properties}


def _scalar_type(value: Any) -> JsonType:
    name = _scalar_names().get(type(value))
    if name is None:
        raise UnknownType(f"{value!r} is of a type that no schema can describe.")
    return {"type": name}


def _scalar_names() -> dict[type, str]:
    import numpy as np

    return {
        bool: "boolean",
        np.bool_: "boolean",
        int: "long",
        np.int64: "long",
        np.int32: "integer",
        float: "double",
        np.float64: "double",
        np.float32: "float",
        str: "string",
        np.str_: "string",
        object: "string",
        bytes: "binary",
        np.bytes_: "binary",
        bytearray: "binary",
        **dict.fromkeys((*_TIMES, np.datetime64), "datetime"),
    }


def _merged_item(first: JsonType, other: JsonType) -> JsonType:
    if first["type"] in _NESTED:
        return _merged(first, other)
    if other["type"] != "any" and other != first:
        raise _mixed()
    return first


def _merged(first: JsonType, other: JsonType) -> JsonType:
    if other["type"] == "any":
        return first
    if first["type"] == "any":
        return other
    if first["type"] == other["type"] == "array":
        return {"type": "array", "items": _merged(first["items"], other["items"])}
    if first["type"] == other["type"] == "object":
        return _merged_objects(first["properties"], other["properties"])
    if first != other:
        raise _mixed()
    return first


def _merged_objects(first: JsonType, other: JsonType) -> JsonType:
    """Of the properties of two objects; one that is not in both is not required."""
    properties = {}
    for name in sorted({*first, *other}):
        one, two = first.get(name), other.get(name)
        if one is None or two is None:
            properties[name] = {**(one or two or {}), "required": False}
            continue
        plain = [{key: part[key] for key in part if key != "required"} for part in (one, two)]
        required = one["required"] and two["required"]
        properties[name] = {**_merged(*plain), "required": required}
    return {"type": "object", "properties": properties}


def _mixed() -> UnknownType:
    return UnknownType("The values of a list are not all of the same type.")
