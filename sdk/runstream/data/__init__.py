"""Datasets: descriptions of data that a run read, with MLflow's digests and schemas.

    dataset = runstream.data.from_pandas(frame, source="https://host/train.csv")
    runstream.log_input(dataset, context="training")

Nothing of the data is stored. pandas, numpy and polars are imported where a
dataset of their kind is made.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from runstream.data.dataset import Dataset
    from runstream.data.dataset_source import DatasetSource
    from runstream.data.dataset_source_registry import get_source
    from runstream.data.numpy_dataset import from_numpy
    from runstream.data.pandas_dataset import from_pandas
    from runstream.data.polars_dataset import from_polars

_PLACES = {
    "Dataset": "dataset",
    "DatasetSource": "dataset_source",
    "from_numpy": "numpy_dataset",
    "from_pandas": "pandas_dataset",
    "from_polars": "polars_dataset",
    "get_source": "dataset_source_registry",
}

__all__ = [
    "Dataset",
    "DatasetSource",
    "from_numpy",
    "from_pandas",
    "from_polars",
    "get_source",
]


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{place}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
