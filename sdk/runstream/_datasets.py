"""Datasets as users have them, to the messages that are logged."""

from __future__ import annotations

from typing import Any

from runstream import _limits as limits
from runstream._messages import events_pb2
from runstream._validation import check_length, check_text, invalid_value
from runstream._writer import SeriesOf


def series_of(model_id: str | None, dataset: Any) -> SeriesOf:
    """What the points of a series belong to."""
    if model_id is None and dataset is None:
        return SeriesOf()
    described = None if dataset is None else dataset_input(dataset).dataset
    return SeriesOf(
        model_id=_text("model_id", model_id, limits.MODEL_NAME_LENGTH_CHARACTERS),
        dataset_name="" if described is None else described.name,
        dataset_digest="" if described is None else described.digest,
    )


def named_series(
    model_id: str | None, dataset_name: str | None, dataset_digest: str | None
) -> SeriesOf:
    """The same, from names."""
    return SeriesOf(
        model_id=_text("model_id", model_id, limits.MODEL_NAME_LENGTH_CHARACTERS),
        dataset_name=_text("dataset_name", dataset_name, limits.DATASET_NAME_LENGTH_CHARACTERS),
        dataset_digest=_text(
            "dataset_digest", dataset_digest, limits.DATASET_DIGEST_LENGTH_CHARACTERS
        ),
    )


def dataset_input(dataset: Any) -> events_pb2.DatasetInput:
    """A dataset entity, or an object of MLflow's kind, as an input of a run."""
    convert = getattr(dataset, "_to_mlflow_entity", None)
    entity = dataset if convert is None else convert()
    name, digest = getattr(entity, "name", None), getattr(entity, "digest", None)
    if not name or not digest:
        raise invalid_value("dataset", dataset, "a dataset has a name and a digest.")
    return events_pb2.DatasetInput(
        dataset=events_pb2.Dataset(
            name=_text("dataset.name", name, limits.DATASET_NAME_LENGTH_CHARACTERS),
            digest=_text("dataset.digest", digest, limits.DATASET_DIGEST_LENGTH_CHARACTERS),
            source_type=str(getattr(entity, "source_type", "") or ""),
            source=str(getattr(entity, "source", "") or ""),
            schema=str(getattr(entity, "schema", "") or ""),
            profile=str(getattr(entity, "profile", "") or ""),
        )
    )


def _text(field: str, value: Any, limit: int) -> str:
    text = "" if value is None else str(value)
    check_length(field, text, limit)
    check_text(field, text)
    return text
