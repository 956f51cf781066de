"""From what a user says about a source, or from what was stored, to a source."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from runstream._system_tags import system_tags
from runstream.data.artifact_dataset_sources import (
    STORE_SCHEMES,
    LocalArtifactDatasetSource,
    store_source,
)
from runstream.data.code_dataset_source import CodeDatasetSource
from runstream.data.dataset import Dataset
from runstream.data.dataset_source import DatasetSource
from runstream.data.http_dataset_source import HTTPDatasetSource
from runstream.entities import Dataset as DatasetEntity
from runstream.entities import DatasetInput
from runstream.error_codes import RESOURCE_DOES_NOT_EXIST
from runstream.exceptions import MlflowException


def source_of(given: Any) -> DatasetSource:
    """given: a path, an address, a source, or None for the code that runs.

    Raises MlflowException RESOURCE_DOES_NOT_EXIST for what is none of these.
    """
    if given is None:
        return CodeDatasetSource(tags=system_tags().copy())
    if isinstance(given, DatasetSource) or hasattr(given, "_get_source_type"):
        return given  # type: ignore[no-any-return]
    if isinstance(given, Path):
        return LocalArtifactDatasetSource(str(given))
    if isinstance(given, str):
        scheme = urlsplit(given).scheme
        if scheme in {"", "file"}:
            return LocalArtifactDatasetSource(given)
        if scheme in {"http", "https"}:
            return HTTPDatasetSource(given)
        if scheme in STORE_SCHEMES:
            return store_source(scheme)(given)
    raise MlflowException(
        f"Could not find a source information resolver for the specified dataset source: {given}. "
        f"Known are paths, file:, http(s): and {', '.join(STORE_SCHEMES)} addresses.",
        RESOURCE_DOES_NOT_EXIST,
    )


def get_source(dataset: DatasetEntity | DatasetInput | Dataset) -> DatasetSource:
    """The source of a dataset, of an input of a run, or of its dataset."""
    if isinstance(dataset, DatasetInput):
        dataset = dataset.dataset
    if isinstance(dataset, Dataset):
        return dataset.source
    if isinstance(dataset, DatasetEntity):
        return _stored(dataset.source_type, dataset.source)
    raise MlflowException.invalid_parameter_value(
        f"Unrecognized dataset type {type(dataset)}. Expected one of: "
        "runstream.data.Dataset, runstream.entities.Dataset, runstream.entities.DatasetInput."
    )


def _stored(source_type: str, source_json: str) -> DatasetSource:
    fixed: tuple[type[DatasetSource], ...] = (
        LocalArtifactDatasetSource, HTTPDatasetSource, CodeDatasetSource,
    )  # fmt: skip
    for kind in (*fixed, *map(store_source, STORE_SCHEMES)):
        if kind._get_source_type() == source_type:
            return kind.from_json(source_json)
    raise MlflowException(
        f"Could not parse dataset source from JSON due to unrecognized source type: {source_type}.",
        RESOURCE_DOES_NOT_EXIST,
    )
