"""Datasets that are polars tables."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from runstream.data._types import JsonType
from runstream.data.dataset import Dataset
from runstream.data.dataset_source import DatasetSource
from runstream.data.dataset_source_registry import source_of
from runstream.data.schema import Schema, column
from runstream.exceptions import MlflowException

if TYPE_CHECKING:
    import polars as pl

_SCALARS = {
    "Binary": "binary",
    "Boolean": "boolean",
    "Datetime": "datetime",
    "Date": "datetime",
    "Float32": "float",
    "Float64": "double",
    "Int8": "integer",
    "Int16": "integer",
    "Int32": "integer",
    "Int64": "long",
    "UInt8": "integer",
    "UInt16": "integer",
    "UInt32": "long",
    "String": "string",
    "Categorical": "string",
    "Enum": "string",
}


class PolarsDataset(Dataset):
    """A table; targets and predictions are names of columns of it."""

    def __init__(
        self,
        df: pl.DataFrame,
        source: DatasetSource,
        targets: str | None = None,
        name: str | None = None,
        digest: str | None = None,
        predictions: str | None = None,
    ) -> None:
        for what, name_of_column in (("targets", targets), ("predictions", predictions)):
            if name_of_column is not None and name_of_column not in df.columns:
                raise MlflowException.invalid_parameter_value(
                    f"DataFrame does not contain specified {what} column: '{name_of_column}'"
                )
        self._df = df
        self._targets = targets
        self._predictions = predictions
        super().__init__(source=source, name=name, digest=digest)

    def _compute_digest(self) -> str:
        """As polars hashes rows; another version of polars may hash otherwise."""
        return str(self._df.hash_rows().sum())

    @property
    def df(self) -> pl.DataFrame:
        return self._df

    @property
    def targets(self) -> str | None:
        return self._targets

    @property
    def predictions(self) -> str | None:
        return self._predictions

    @property
    def profile(self) -> dict[str, int]:
        return {"num_rows": self._df.height, "num_elements": self._df.height * self._df.width}

    @cached_property
    def schema(self) -> Schema:
        return Schema(
            [
                column(name, _type_of(self._df[name].dtype), required=self._df[name].count() > 0)
                for name in self._df.columns
            ]
        )

    def to_dict(self) -> dict[str, Any]:
        schema = json.dumps({"mlflow_colspec": self.schema.to_dict()}) if self.schema else None
        return {**super().to_dict(), "schema": schema, "profile": json.dumps(self.profile)}


def _type_of(dtype: Any) -> JsonType:
    """A type that no schema knows goes by its name in polars."""
    kind = type(dtype).__name__ if not isinstance(dtype, type) else dtype.__name__
    if kind in _SCALARS:
        return {"type": _SCALARS[kind]}
    if kind in {"List", "Array"} and getattr(dtype, "inner", None) is not None:
        return {"type": "array", "items": _type_of(dtype.inner)}
    if kind == "Struct":
        fields = sorted(dtype.fields, key=lambda field: str(field.name))
        properties = {field.name: {**_type_of(field.dtype), "required": True} for field in fields}
        return {"type": "object", "properties": properties}
    return {"type": str(dtype)}


def from_polars(
    df: pl.DataFrame,
    source: Any = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> PolarsDataset:
    """Describe a polars table. The arguments are as in `from_pandas`."""
    return PolarsDataset(df, source_of(source), targets, name, digest, predictions)
