"""What a search has to find, in plain Python: MLflow's rules over runs in memory."""

from __future__ import annotations

import math
import operator
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cmp_to_key
from typing import Any

from tests.integration.query.tables import Tables, latest_row, param_row, run_id, run_row

STATUSES = {1: "RUNNING", 2: "SCHEDULED", 3: "FINISHED", 4: "FAILED", 5: "KILLED"}


@dataclass
class OracleRun:
    """A run as it has to be seen."""

    run_id: str
    experiment_id: int
    start_time: int
    end_time: int | None
    status: str
    user_id: str
    run_name: str
    metrics: dict[str, float] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def artifact_uri(self) -> str:
        return f"mlflow-artifacts:/{self.experiment_id}/{self.run_id}/artifacts"


@dataclass(frozen=True)
class OracleClause:
    """A clause in parts: `kind` is metrics, params, tags or attributes."""

    kind: str
    key: str
    comparator: str
    value: Any

    def text(self) -> str:
        identifier = f"{self.kind}.`{self.key}`"
        if self.value is None:
            return f"{identifier} {self.comparator}"
        return f"{identifier} {self.comparator} {_literal(self.value)}"


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"' if "'" in value else f"'{value}'"
    if isinstance(value, tuple):
        return f"({', '.join(_literal(item) for item in value)})"
    return repr(value)


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "IN": lambda left, right: left in right,
    "NOT IN": lambda left, right: left not in right,
    "LIKE": lambda left, right: _like(left, right, 0),
    "ILIKE": lambda left, right: _like(left, right, re.IGNORECASE),
}


def _like(text: str, pattern: str, flags: int) -> bool:
    parts = {"%": ".*", "_": "."}
    expression = "".join(parts.get(character) or re.escape(character) for character in pattern)
    return re.fullmatch(expression, text, flags | re.DOTALL) is not None


def matches(run: OracleRun, clause: OracleClause) -> bool:
    value = _value(run, clause.kind, clause.key)
    if clause.comparator == "IS NULL":
        return value is None
    if clause.comparator == "IS NOT NULL":
        return value is not None
    return value is not None and _COMPARE[clause.comparator](value, clause.value)


def _value(run: OracleRun, kind: str, key: str) -> Any:
    if kind == "attributes":
        return getattr(run, key)
    values: dict[str, Any] = getattr(run, kind)
    return values.get(key)


def ordered(runs: Sequence[OracleRun], order: Sequence[tuple[str, str, bool]]) -> list[OracleRun]:
    """By keys (kind, key, descending), then the newest first, then by run id."""

    def compare(left: OracleRun, right: OracleRun) -> int:
        for kind, key, descending in order:
            result = _compare_values(_value(left, kind, key), _value(right, kind, key), descending)
            if result:
                return result
        newest = (right.start_time > left.start_time) - (right.start_time < left.start_time)
        return newest or (left.run_id > right.run_id) - (left.run_id < right.run_id)

    return sorted(runs, key=cmp_to_key(compare))


def _compare_values(left: Any, right: Any, descending: bool) -> int:
    """Values, then NaN, then missing, in both directions."""
    ranks = _rank(left), _rank(right)
    if ranks != (0, 0):
        return (ranks[0] > ranks[1]) - (ranks[0] < ranks[1])
    result = int(left > right) - int(left < right)
    return -result if descending else result


def _rank(value: Any) -> int:
    if value is None:
        return 2
    return 1 if isinstance(value, float) and math.isnan(value) else 0


METRIC_KEYS = ("loss", "val acc", "é/x")
TEXT_KEYS = ("model", "lr.x", "note")
TEXTS = ("a", "A", "ab", "b", "", "50%", "a_b", "a\\b", "it's", "ä", "a\nb")
NUMBERS = (-1.5, 0.0, 0.5, 1.0, 2.0, 1e300, math.inf, -math.inf, math.nan)


Rows = dict[str, list[Sequence[Any]]]


def fill(tables: Tables, seed: int, count: int) -> list[OracleRun]:
    """Random runs, written with superseded and repeated rows all over."""
    source = random.Random(seed)
    rows: Rows = {"runs": [], "latest": [], "params": [], "tags": []}
    runs = [_run(rows, source, number) for number in range(count)]
    for table, written in rows.items():
        source.shuffle(written)
        tables.spread(table, written)
    return runs


def _run(rows: Rows, source: random.Random, number: int) -> OracleRun:
    end_time = source.choice([None, 50, 60])
    status = source.choice(list(STATUSES))
    run = OracleRun(
        run_id=run_id(source.randrange(1000) * 100 + number),
        experiment_id=source.randrange(3),
        start_time=source.randrange(4),
        end_time=end_time,
        status=STATUSES[status],
        user_id=source.choice(["ann", "bob"]),
        run_name=source.choice(TEXTS),
    )
    created = (10, run.experiment_id, run.start_time, run.user_id)
    rows["runs"] += [
        run_row(run.run_id, created=created, status=(5, 9, status), name=(7, run.run_name)),
        run_row(run.run_id, created=(11, 7, 7, "x"), status=(4, 99, 3), name=(6, "other")),
    ]
    if end_time is not None:
        rows["runs"].append(run_row(run.run_id, end_time=(5, 1, end_time)))
        rows["runs"].append(run_row(run.run_id, end_time=(4, 2, 999)))
    _add_metrics(rows["latest"], source, run)
    _add_params(rows["params"], source, run)
    _add_tags(rows["tags"], source, run)
    return run


def _add_metrics(rows: list[Sequence[Any]], source: random.Random, run: OracleRun) -> None:
    for key in METRIC_KEYS:
        points = [
            (source.randrange(3), source.randrange(3), source.choice(NUMBERS), rank)
            for rank in range(source.randrange(4))
        ]
        rows += [
            latest_row(run.run_id, key, f"rank={rank}", step, time, value)
            for step, time, value, rank in points
        ]
        if points:
            run.metrics[key] = max(points, key=_latest)[2]


def _latest(point: tuple[int, int, float, int]) -> tuple[int, int, float, bool]:
    step, time, value, _ = point
    nan = math.isnan(value)
    return (step, time, 0.0 if nan else value, nan)


def _add_params(rows: list[Sequence[Any]], source: random.Random, run: OracleRun) -> None:
    for key in TEXT_KEYS:
        values = [source.choice(TEXTS) for _ in range(source.randrange(3))]
        rows += [param_row(run.run_id, key, position, v) for position, v in enumerate(values)]
        if values:
            run.params[key] = values[0]


def _add_tags(rows: list[Sequence[Any]], source: random.Random, run: OracleRun) -> None:
    for key in TEXT_KEYS:
        values = [source.choice([*TEXTS, None]) for _ in range(source.randrange(4))]
        rows += [
            (run.run_id, key, value or "", version, int(value is None))
            for version, value in enumerate(values, start=1)
        ]
        if values and values[-1] is not None:
            run.tags[key] = values[-1]
