"""Inputs and outputs of runs: what a caller gives, as messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runstream import _limits as limits
from runstream._datasets import dataset_input
from runstream._messages import events_pb2
from runstream._validation import check_length, check_text, invalid_value, missing_value
from runstream._writer import RunWriter
from runstream.exceptions import MlflowException

CONTEXT = "mlflow.data.context"


def tagged_dataset(
    dataset: Any, context: str | None, tags: Mapping[str, Any] | None
) -> events_pb2.DatasetInput | None:
    """A dataset with the tags of its use; None for none."""
    if dataset is None:
        if context or tags:
            raise MlflowException.invalid_parameter_value(
                "`dataset` must be specified if `context` or `tags` is specified."
            )
        return None
    item = dataset_input(dataset)
    said = dict(tags or {})
    if context:
        said[CONTEXT] = context
    _add_tags(item, said.items())
    return item


def dataset_inputs(given: Iterable[Any]) -> list[events_pb2.DatasetInput]:
    """`DatasetInput` entities as messages."""
    found = []
    for one in given:
        item = dataset_input(one.dataset)
        _add_tags(item, ((tag.key, tag.value) for tag in one.tags or ()))
        found.append(item)
    return found


def log_inputs(
    writer: RunWriter, datasets: Sequence[events_pb2.DatasetInput], models: Iterable[Any]
) -> None:
    """Into the spool; nothing where nothing is given."""
    inputs = events_pb2.Inputs(datasets=datasets, model_ids=[model_id(one) for one in models])
    if inputs.datasets or inputs.model_ids:
        writer.log_inputs(inputs)


def log_outputs(writer: RunWriter, models: Iterable[Any]) -> None:
    """`LoggedModelOutput` entities into the spool."""
    found = [
        events_pb2.ModelOutput(model_id=model_id(one), step=getattr(one, "step", 0) or 0)
        for one in models
    ]
    if found:
        writer.log_outputs(events_pb2.Outputs(models=found))


def log_once(writer: RunWriter, models: Iterable[str], dataset: Any) -> None:
    """What points belong to becomes an input, where this process did not log it already."""
    inputs = events_pb2.Inputs()
    if dataset is not None:
        item = dataset_input(dataset)
        if (item.dataset.name, item.dataset.digest) not in writer.datasets:
            inputs.datasets.append(item)
    inputs.model_ids.extend(one for one in models if one and one not in writer.models)
    if inputs.datasets or inputs.model_ids:
        writer.log_inputs(inputs)


def model_id(model: Any) -> str:
    """Of an entity that names a model."""
    found = getattr(model, "model_id", None)
    if not found:
        raise invalid_value("models", model, "a model has a model_id.")
    text = str(found)
    check_length("model_id", text, limits.MODEL_NAME_LENGTH_CHARACTERS)
    check_text("model_id", text)
    return text


def _add_tags(item: events_pb2.DatasetInput, tags: Iterable[tuple[Any, Any]]) -> None:
    for key, value in tags:
        name, text = str(key), str(value)
        if not name:
            raise missing_value("tag.key")
        check_length("tag.key", name, limits.INPUT_TAG_KEY_LENGTH_CHARACTERS)
        check_length("tag.value", text, limits.INPUT_TAG_VALUE_LENGTH_CHARACTERS)
        check_text("tag.key", name)
        check_text("tag.value", text)
        item.tags.add(key=name, value=text)
