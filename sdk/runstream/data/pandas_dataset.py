"""Datasets that are pandas tables."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from runstream.data._types import UnknownType
from runstream.data.dataset import Dataset
from runstream.data.dataset_source import DatasetSource
from runstream.data.dataset_source_registry import source_of
from runstream.data.digest_utils import compute_pandas_digest
from runstream.data.schema import Schema, frame_schema
from runstream.exceptions import MlflowException

if TYPE_CHECKING:
    import pandas as pd


class PandasDataset(Dataset):
    """A table; targets and predictions are names of columns of it."""

    def __init__(
        self,
        df: pd.DataFrame,
        source: DatasetSource,
        targets: str | None = None,
        name: str | None = None,
        digest: str | None = None,
        predictions: str | None = None,
    ) -> None:
        for what, column in (("targets", targets), ("predictions", predictions)):
            if column is not None and column not in df.columns:
                raise MlflowException.invalid_parameter_value(
                    f"The specified pandas DataFrame does not contain the specified {what} column "
                    f"'{column}'."
                )
        self._df = df
        self._targets = targets
        self._predictions = predictions
        super().__init__(source=source, name=name, digest=digest)

    def _compute_digest(self) -> str:
        return compute_pandas_digest(self._df)

    @property
    def df(self) -> pd.DataFrame:
        return self._df

    @property
    def targets(self) -> str | None:
        return self._targets

    @property
    def predictions(self) -> str | None:
        return self._predictions

    @property
    def profile(self) -> dict[str, int]:
        return {"num_rows": len(self._df), "num_elements": int(self._df.size)}

    @cached_property
    def schema(self) -> Schema | None:
        try:
            return frame_schema(self._df)
        except (UnknownType, TypeError, ValueError):
            return None

    def to_dict(self) -> dict[str, Any]:
        # A schema without columns counts as none, as in MLflow.
        schema = self.schema or None
        columns = None if schema is None else json.dumps({"mlflow_colspec": schema.to_dict()})
        return {**super().to_dict(), "schema": columns, "profile": json.dumps(self.profile)}


def from_pandas(
    df: pd.DataFrame,
    source: Any = None,
    targets: str | None = None,
    name: str | None = None,
    digest: str | None = None,
    predictions: str | None = None,
) -> PandasDataset:
    """Describe a table.

    source: where it comes from: a path, an address, a DatasetSource; not given,
        the code that runs.
    targets, predictions: names of columns.
    name: not given, "dataset". digest: not given, computed.
    """
    return PandasDataset(df, source_of(source), targets, name, digest, predictions)
