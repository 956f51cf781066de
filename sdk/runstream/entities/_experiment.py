"""Experiments."""

from __future__ import annotations

from dataclasses import dataclass, field

from runstream.entities._base import Entity


@dataclass(frozen=True)
class ExperimentTag(Entity):
    """A tag of an experiment."""

    key: str
    value: str


@dataclass(frozen=True)
class Experiment(Entity):
    """A folder of runs.

    experiment_id: decimal digits; "0" is the experiment `Default`. 18 digits
        made from the name where the server was away when it was asked.
    lifecycle_stage: "active" or "deleted".
    creation_time, last_update_time: Unix time in ms.
    """

    DEFAULT_EXPERIMENT_NAME = "Default"

    experiment_id: str
    name: str
    artifact_location: str = ""
    lifecycle_stage: str = "active"
    tags: dict[str, str] = field(default_factory=dict)
    creation_time: int | None = None
    last_update_time: int | None = None
