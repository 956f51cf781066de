"""The names of `runstream.data`, each imported when it is first asked for."""

from __future__ import annotations

import importlib
from typing import Any

_PLACES = {
    "Dataset": "dataset",
    "DatasetSource": "dataset_source",
    "from_numpy": "numpy_dataset",
    "from_pandas": "pandas_dataset",
    "from_polars": "polars_dataset",
    "get_source": "dataset_source_registry",
}


def look_up(name: str) -> Any:
    """`__getattr__` of the package."""
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module 'runstream.data' has no attribute {name!r}")
    return getattr(importlib.import_module(f"runstream.data.{place}"), name)


def names() -> list[str]:
    """`__dir__` of the package."""
    return sorted(_PLACES)
