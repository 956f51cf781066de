"""Datasets: descriptions of data that a run read, with MLflow's digests and schemas.

    dataset = runstream.data.from_pandas(frame, source="https://host/train.csv")
    runstream.log_input(dataset, context="training")

Nothing of the data is stored. pandas, numpy and polars are imported where a
dataset of their kind is made.
"""

from typing import TYPE_CHECKING

from runstream.data import _names

if TYPE_CHECKING:
    from runstream.data.dataset import Dataset
    from runstream.data.dataset_source import DatasetSource
    from runstream.data.dataset_source_registry import get_source
    from runstream.data.numpy_dataset import from_numpy
    from runstream.data.pandas_dataset import from_pandas
    from runstream.data.polars_dataset import from_polars

__getattr__, __dir__ = _names.look_up, _names.names

__all__ = [
    "Dataset",
    "DatasetSource",
    "from_numpy",
    "from_pandas",
    "from_polars",
    "get_source",
]
