"""Schemas of datasets: names and types, in MLflow's JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runstream.data._types import JsonType, UnknownType, common_type, is_missing

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


class Schema:
    """columns: as they are written."""

    def __init__(self, columns: Sequence[JsonType]) -> None:
        self._columns = list(columns)

    def input_names(self) -> list[Any]:
        """Names of the columns; their positions where they have none."""
        return [column.get("name", number) for number, column in enumerate(self._columns)]

    def to_dict(self) -> list[JsonType]:
        return self._columns

    def to_json(self) -> str:
        return json.dumps(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Schema) and self._columns == other._columns

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Schema({self._columns!r})"


class TensorDatasetSchema:
    """Features, and targets where there are any."""

    def __init__(self, features: Schema, targets: Schema | None = None) -> None:
        self.features = features
        self.targets = targets

    def to_dict(self) -> dict[str, Any]:
        targets = None if self.targets is None else self.targets.to_json()
        return {"mlflow_tensorspec": {"features": self.features.to_json(), "targets": targets}}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TensorDatasetSchema) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"TensorDatasetSchema(features={self.features!r}, targets={self.targets!r})"


def column(name: Any, kind: JsonType, *, required: bool) -> JsonType:
    """One column of a table."""
    return {**kind, "name": name, "required": required}


def frame_schema(frame: pd.DataFrame) -> Schema:
    """Of a table. Raises UnknownType and what pandas raises for columns it cannot tell apart."""
    if frame.columns.empty:
        raise UnknownType("A table without columns has no schema.")
    if not frame.columns.is_unique:
        raise UnknownType("Two columns have one name.")
    return Schema(
        [
            column(
                name,
                _series_type(frame[name]),
                required=not any(is_missing(value) for value in frame[name]),
            )
            for name in frame.columns
        ]
    )


def tensor_schema(
    data: np.ndarray[Any, Any] | Mapping[str, np.ndarray[Any, Any]],
) -> Schema:
    """Of an array, or of a dictionary of them; the first dimension may have any length."""
    if isinstance(data, Mapping):
        return Schema([{"name": name, **_tensor(array)} for name, array in data.items()])
    return Schema([_tensor(data)])


def _tensor(array: np.ndarray[Any, Any]) -> JsonType:
    if not array.shape:
        raise UnknownType("An array without dimensions has no first one that could vary.")
    name = {"U": "str", "S": "bytes"}.get(array.dtype.char, array.dtype.name)
    spec = {"dtype": name, "shape": [-1, *array.shape[1:]]}
    return {"type": "tensor", "tensor-spec": spec}


def _series_type(series: pd.Series[Any]) -> JsonType:
    import pandas as pd

    if series.dtype.kind == "O":
        series = series.infer_objects()
    if series.dtype.kind != "O":
        return _dtype_type(series.dtype)
    try:
        found = common_type(series.to_list())
    except (UnknownType, TypeError):
        if pd.api.types.is_string_dtype(series):
            return {"type": "string"}
        raise
    if found is None:
        raise UnknownType("A column of empty arrays has no type.")
    items: JsonType = found["items"]
    return items


def _dtype_type(dtype: Any) -> JsonType:
    kind, size = dtype.kind, dtype.itemsize
    if kind in "iu" and (size < 4 or (kind == "i" and size == 4)):
        return {"type": "integer"}
    if kind in "iu" and (size < 8 or (kind == "i" and size == 8)):
        return {"type": "long"}
    if kind == "f" and size <= 8:
        return {"type": "float" if size <= 4 else "double"}
    name = {"b": "boolean", "U": "string", "S": "binary", "M": "datetime"}.get(kind)
    if name is None:
        raise UnknownType(f"No schema can describe {dtype}.")
    return {"type": name}
