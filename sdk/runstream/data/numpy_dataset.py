"""Datasets that are numpy arrays."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from runstream.data._types import UnknownType
from runstream.data.dataset import Dataset
from runstream.data.dataset_source import DatasetSource
from runstream.data.dataset_source_registry import source_of
from runstream.data.digest_utils import compute_numpy_digest
from runstream.data.schema import TensorDatasetSchema, tensor_schema

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
    Arrays = Array | Mapping[str, Array]


class NumpyDataset(Dataset):
    """An array or a dictionary of arrays as features, and the same as targets."""

    def __init__(
        self,
        features: Arrays,
        source: DatasetSource,
        targets: Arrays | None = None,
        name: str | None = None,
        digest: str | None = None,
    ) -> None:
        self._features = features
        self._targets = targets
        super().__init__(source=source, name=name, digest=digest)

    def _compute_digest(self) -> str:
        return compute_numpy_digest(self._features, self._targets)

    @property
    def features(self) -> Arrays:
        return self._features

    @property
    def targets(self) -> Arrays | None:
        return self._targets

    @property
    def profile(self) -> dict[str, Any]:
        found = _sizes("features", self._features)
        return found if self._targets is None else {**found, **_sizes("targets", self._targets)}

    @cached_property
    def schema(self) -> TensorDatasetSchema | None:
        try:
            targets = None if self._targets is None else tensor_schema(self._targets)
            return TensorDatasetSchema(tensor_schema(self._features), targets)
        except UnknownType:
            return None

    def to_dict(self) -> dict[str, Any]:
        schema = None if self.schema is None else json.dumps(self.schema.to_dict())
        return {**super().to_dict(), "schema": schema, "profile": json.dumps(self.profile)}


def _sizes(name: str, data: Arrays) -> dict[str, Any]:
    return {
        f"{name}_shape": _each(data, lambda array: array.shape),
        f"{name}_size": _each(data, lambda array: array.size),
        f"{name}_nbytes": _each(data, lambda array: array.nbytes),
    }


def _each(data: Arrays, read: Callable[[Array], Any]) -> Any:
    if isinstance(data, Mapping):
        return {key: read(array) for key, array in data.items()}
    return read(data)


def from_numpy(
    features: Arrays,
    source: Any = None,
    targets: Arrays | None = None,
    name: str | None = None,
    digest: str | None = None,
) -> NumpyDataset:
    """Describe arrays. The arguments are as in `from_pandas`; targets are arrays here."""
    return NumpyDataset(features, source_of(source), targets, name, digest)
