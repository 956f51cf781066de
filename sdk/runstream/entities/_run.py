"""Runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from runstream.entities._base import Entity
from runstream.entities._dataset import RunInputs, RunOutputs
from runstream.entities._metric import Metric, Param, RunTag


@dataclass(frozen=True)
class RunInfo(Entity):
    """Attributes of a run.

    status: a name of `RunStatus`.
    start_time, end_time: Unix time in ms.
    lost_since: Unix time in ms since when nothing was heard of a run that is
        still RUNNING (5 minutes without a sign of life); None when all is well.
    """

    run_id: str
    experiment_id: str
    user_id: str
    status: str
    start_time: int | None
    end_time: int | None
    lifecycle_stage: str
    artifact_uri: str | None = None
    run_name: str | None = None
    lost_since: int | None = None


@dataclass(frozen=True, eq=False)
class RunData(Entity):
    """What was logged to a run: for metrics, the latest point of each key.

    metrics: key → value; params, tags: key → text.
    """

    metric_list: Sequence[Metric] = field(default=(), repr=False)
    param_list: Sequence[Param] = field(default=(), repr=False)
    tag_list: Sequence[RunTag] = field(default=(), repr=False)
    metrics: dict[str, float] = field(init=False)
    params: dict[str, str] = field(init=False)
    tags: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "metrics", {m.key: m.value for m in self.metric_list})
        object.__setattr__(self, "params", {p.key: p.value for p in self.param_list})
        object.__setattr__(self, "tags", {t.key: t.value for t in self.tag_list})

    @property
    def _metric_objs(self) -> list[Metric]:
        """The latest points whole: MLflow has them under this name."""
        return list(self.metric_list)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, RunData):
            return NotImplemented
        return self.to_dictionary() == other.to_dictionary()

    __hash__ = None  # type: ignore[assignment]

    def __iter__(self) -> Any:
        return iter(self.to_dictionary().items())

    def to_dictionary(self) -> dict[str, Any]:
        return {"metrics": self.metrics, "params": self.params, "tags": self.tags}


@dataclass(frozen=True)
class Run(Entity):
    """A run: what it is, what was logged to it, what it read and wrote."""

    info: RunInfo
    data: RunData
    inputs: RunInputs = field(default_factory=RunInputs)
    outputs: RunOutputs = field(default_factory=RunOutputs)

    def to_dictionary(self) -> dict[str, Any]:
        """All of it as nested dictionaries of plain values."""
        return {
            "info": dict(self.info),
            "data": self.data.to_dictionary(),
            "inputs": self.inputs.to_dictionary(),
            "outputs": self.outputs.to_dictionary(),
        }
