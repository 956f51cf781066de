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


@dataclass(frozen=True, eq=False, init=False)
class RunData(Entity):
    """What was logged to a run: for metrics, the latest point of each key.

    metrics: key → value; params, tags: key → text.
    """

    metric_list: Sequence[Metric] = field(repr=False)
    param_list: Sequence[Param] = field(repr=False)
    tag_list: Sequence[RunTag] = field(repr=False)
    metrics: dict[str, float]
    params: dict[str, str]
    tags: dict[str, str]

    def __init__(
        self,
        metrics: Sequence[Metric] | None = None,
        params: Sequence[Param] | None = None,
        tags: Sequence[RunTag] | None = None,
    ) -> None:
        attributes = {
            "metric_list": metrics or (),
            "param_list": params or (),
            "tag_list": tags or (),
            "metrics": {m.key: m.value for m in metrics or ()},
            "params": {p.key: p.value for p in params or ()},
            "tags": {t.key: t.value for t in tags or ()},
        }
        for name, value in attributes.items():
            object.__setattr__(self, name, value)

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


@dataclass(frozen=True, init=False)
class Run(Entity):
    """A run: what it is, what was logged to it, what it read and wrote."""

    info: RunInfo
    data: RunData
    inputs: RunInputs
    outputs: RunOutputs

    def __init__(
        self,
        run_info: RunInfo,
        run_data: RunData,
        run_inputs: RunInputs | None = None,
        run_outputs: RunOutputs | None = None,
    ) -> None:
        object.__setattr__(self, "info", run_info)
        object.__setattr__(self, "data", run_data)
        object.__setattr__(self, "inputs", run_inputs or RunInputs())
        object.__setattr__(self, "outputs", run_outputs or RunOutputs())

    def to_dictionary(self) -> dict[str, Any]:
        """All of it as nested dictionaries of plain values."""
        return {
            "info": dict(self.info),
            "data": self.data.to_dictionary(),
            "inputs": self.inputs.to_dictionary(),
            "outputs": self.outputs.to_dictionary(),
        }
