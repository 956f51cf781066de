"""What is logged to a run: points, params, tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from runstream.entities._base import Entity


@dataclass(frozen=True)
class Metric(Entity):
    """One point of a series.

    timestamp: Unix time in ms.
    source: which process of a shared run it comes from, for example "rank=3".
    """

    key: str
    value: float
    timestamp: int
    step: int = 0
    model_id: str | None = None
    dataset_name: str | None = None
    dataset_digest: str | None = None
    run_id: str | None = None
    source: str = ""

    def to_dictionary(self) -> dict[str, Any]:
        """Its attributes by name."""
        return dict(self)


@dataclass(frozen=True)
class Param(Entity):
    """An input of a run, written once."""

    key: str
    value: str


@dataclass(frozen=True)
class RunTag(Entity):
    """A tag of a run; the last value wins."""

    key: str
    value: str
