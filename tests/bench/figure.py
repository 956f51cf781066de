"""One line of the table: a measured value, its budget, and a peer's value."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class Figure:
    """A measurement. `budget` and `peer_value` are in the same unit as `value`."""

    name: str
    value: float
    unit: str
    budget: float | None = None
    better: Literal["lower", "higher"] = "lower"
    peer: str = ""
    peer_value: float | None = None

    @property
    def holds(self) -> bool | None:
        """Whether the budget is kept; None where there is none."""
        if self.budget is None:
            return None
        return self.value <= self.budget if self.better == "lower" else self.value >= self.budget

    @property
    def ratio(self) -> float | None:
        """How many times better than the peer."""
        if not self.peer_value or not self.value:
            return None
        ratio = self.value / self.peer_value
        return 1 / ratio if self.better == "lower" else ratio


def quantile(values: Sequence[float], q: float) -> float:
    """The q-quantile (0..1) of the values, by nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]


def median(values: Iterable[float]) -> float:
    return statistics.median(values)


def write_json(figures: Sequence[Figure], path: Path) -> None:
    """Merge the figures into the file, so that parts can be measured alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    table = json.loads(path.read_text()) if path.exists() else {}
    for figure in figures:
        table[figure.name] = {
            "value": figure.value,
            "unit": figure.unit,
            "budget": figure.budget,
            "better": figure.better,
            "peer": figure.peer,
            "peer_value": figure.peer_value,
        }
    path.write_text(json.dumps(table, indent=2, sort_keys=True) + "\n")
