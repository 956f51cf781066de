"""Data and models that went into a run or came out of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from runstream.entities._base import Entity


@dataclass(frozen=True)
class InputTag(Entity):
    """A tag of an input, for example its context."""

    key: str
    value: str


@dataclass(frozen=True)
class Dataset(Entity):
    """A description of data, not the data."""

    name: str
    digest: str
    source_type: str
    source: str
    schema: str | None = None
    profile: str | None = None

    def to_dictionary(self) -> dict[str, Any]:
        return dict(self)


@dataclass(frozen=True)
class DatasetInput(Entity):
    """A dataset that a run read."""

    dataset: Dataset
    tags: list[InputTag] = field(default_factory=list)

    def to_dictionary(self) -> dict[str, Any]:
        tags = {tag.key: tag.value for tag in self.tags}
        return {"dataset": self.dataset.to_dictionary(), "tags": tags}


@dataclass(frozen=True)
class DatasetSummary(Entity):
    """A dataset that runs of an experiment read; context: None where none was given."""

    experiment_id: str
    name: str
    digest: str
    context: str | None = None

    def to_dictionary(self) -> dict[str, Any]:
        return dict(self)


@dataclass(frozen=True)
class LoggedModelInput(Entity):
    """A model that a run read."""

    model_id: str

    def to_dictionary(self) -> dict[str, Any]:
        return dict(self)


@dataclass(frozen=True)
class LoggedModelOutput(Entity):
    """A model that a run wrote, and the step it was written at."""

    model_id: str
    step: int

    def to_dictionary(self) -> dict[str, Any]:
        return dict(self)


@dataclass(frozen=True)
class RunInputs(Entity):
    """What a run read."""

    dataset_inputs: list[DatasetInput] = field(default_factory=list)
    model_inputs: list[LoggedModelInput] = field(default_factory=list)

    def to_dictionary(self) -> dict[str, Any]:
        return {
            "dataset_inputs": [item.to_dictionary() for item in self.dataset_inputs],
            "model_inputs": [item.to_dictionary() for item in self.model_inputs],
        }


@dataclass(frozen=True)
class RunOutputs(Entity):
    """What a run wrote besides artifacts."""

    model_outputs: list[LoggedModelOutput] = field(default_factory=list)

    def to_dictionary(self) -> dict[str, Any]:
        return {"model_outputs": [item.to_dictionary() for item in self.model_outputs]}
