"""Logged models: checkpoints and final models with metrics, params and tags of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from runstream.entities._base import Entity
from runstream.entities._metric import Metric
from runstream.exceptions import MlflowException


class LoggedModelStatus(str, Enum):
    """PENDING until the model is finalized as READY or FAILED."""

    UNSPECIFIED = "UNSPECIFIED"
    PENDING = "PENDING"
    READY = "READY"
    FAILED = "FAILED"

    def __str__(self) -> str:
        return str(self.value)

    @staticmethod
    def is_finalized(status: LoggedModelStatus) -> bool:
        """Whether nothing changes it any more."""
        return status in {LoggedModelStatus.READY, LoggedModelStatus.FAILED}

    def to_int(self) -> int:
        """MLflow's number for it."""
        return list(LoggedModelStatus).index(self)

    @classmethod
    def from_int(cls, status_int: int) -> LoggedModelStatus:
        """The status of a number from 0 to 3."""
        statuses = list(cls)
        if not 0 <= status_int < len(statuses):
            raise MlflowException.invalid_parameter_value(f"Unknown model status: {status_int}")
        return statuses[status_int]


@dataclass(frozen=True)
class LoggedModelTag(Entity):
    """A tag of a logged model; the last value wins."""

    key: str
    value: str


@dataclass(frozen=True)
class LoggedModelParameter(Entity):
    """A param of a logged model, written once."""

    key: str
    value: str


@dataclass(frozen=True)
class LoggedModel(Entity):
    """A model that was logged to an experiment.

    creation_timestamp, last_updated_timestamp: Unix time in ms.
    metrics: the latest point of each metric, dataset and run that was logged
        with this model's id; None where they were not asked for.
    """

    experiment_id: str
    model_id: str
    name: str
    artifact_location: str
    creation_timestamp: int
    last_updated_timestamp: int
    model_type: str | None = None
    source_run_id: str | None = None
    status: LoggedModelStatus = LoggedModelStatus.READY
    status_message: str | None = None
    tags: dict[str, str] = field(default_factory=dict, repr=False)
    params: dict[str, str] = field(default_factory=dict, repr=False)
    metrics: list[Metric] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.status, LoggedModelStatus):
            object.__setattr__(self, "status", LoggedModelStatus.from_int(self.status))
        object.__setattr__(self, "tags", _texts(self.tags))
        object.__setattr__(self, "params", _texts(self.params))

    @property
    def model_uri(self) -> str:
        """The address of its artifacts."""
        return f"models:/{self.model_id}"

    def __iter__(self) -> Iterator[tuple[str, Any]]:
        yield from super().__iter__()
        yield "model_uri", self.model_uri

    def to_dictionary(self) -> dict[str, Any]:
        """The attributes by name, the status as a number."""
        attributes = {**dict(self), "status": self.status.to_int()}
        del attributes["model_uri"]
        return attributes


def _texts(given: Any) -> dict[str, str]:
    """Pairs as a dictionary: they may come as a list of tags or params."""
    if given is None or isinstance(given, Mapping):
        return dict(given or {})
    return {item.key: item.value for item in given}
