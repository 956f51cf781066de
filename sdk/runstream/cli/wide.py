"""Runs as wide tables: one column per metric, param and tag."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timezone
from typing import IO, NamedTuple

from runstream.cli import text
from runstream.cli.output import Column
from runstream.entities import Run

ATTRIBUTES = ("run_id", "experiment_id", "status", "artifact_uri", "start_time", "end_time")
# Logged by the SDK itself: said elsewhere or of no interest in a row.
SYSTEM = "mlflow."
# Where nothing is chosen a terminal's width should do.
MOST_METRICS = 3
MOST_PARAMS = 3
SHORT_ID = 8

FIXED = (
    Column("run", whole=True),
    Column("name"),
    Column("status", whole=True),
    Column("started", whole=True),
    Column("took", number=True),
)


class Chosen(NamedTuple):
    """A column that shows a value of each run, and how many were left out."""

    names: list[str]
    left_out: int = 0


def value_of(run: Run, column: str) -> str:
    """The text of `metrics.KEY`, `params.KEY`, `tags.KEY` or an attribute of a run."""
    kind, dot, key = column.partition(".")
    readers: dict[str, Callable[[], str | None]] = {
        "metrics": lambda: text.number(run.data.metrics[key]) if key in run.data.metrics else "",
        "params": lambda: run.data.params.get(key),
        "tags": lambda: run.data.tags.get(key),
    }
    if dot and kind in readers:
        return readers[kind]() or ""
    value = dict(run.info).get(column)
    return "" if value is None else str(value)


def choose(runs: Sequence[Run]) -> Chosen:
    """The columns that say most: the first metrics, and the params in which the runs differ."""
    metrics = sorted({key for run in runs for key in run.data.metrics})
    params = sorted({key for run in runs for key in run.data.params})
    telling = [key for key in params if len({run.data.params.get(key) for run in runs}) > 1]
    shown_params = (telling or params)[:MOST_PARAMS]
    names = [f"metrics.{key}" for key in metrics[:MOST_METRICS]]
    names += [f"params.{key}" for key in shown_params]
    return Chosen(names, len(metrics) + len(params) - len(names))


def columns_of(names: Iterable[str]) -> list[Column]:
    return [*FIXED, *(Column(_title(name), name.startswith("metrics.")) for name in names)]


def _title(name: str) -> str:
    kind, _, key = name.partition(".")
    return key if kind in ("metrics", "params") else name


def short_length(runs: Sequence[Run]) -> int:
    """How many letters from the end of the ids tell these runs apart."""
    ids = [run.info.run_id for run in runs]
    lengths = range(SHORT_ID, len(max(ids, default="", key=len)))
    return next((n for n in lengths if len({id_[-n:] for id_ in ids}) == len(ids)), 0)


class Short(NamedTuple):
    """How rows are shortened for a terminal: so many letters of the id, ages for times."""

    id_length: int
    now_ms: float


def row_of(run: Run, names: Iterable[str], short: Short | None = None) -> list[str]:
    """The texts of a run's columns."""
    info = run.info
    run_id, started = info.run_id, text.time(info.start_time)
    if short is not None:
        run_id, started = run_id[-short.id_length :], text.age(info.start_time, short.now_ms)
    stage = " (deleted)" if info.lifecycle_stage == "deleted" else ""
    lost = " (lost)" if info.lost_since else ""
    return [
        run_id,
        info.run_name or "",
        f"{info.status}{stage}{lost}",
        started,
        text.duration(info.start_time, info.end_time),
        *(value_of(run, name) for name in names),
    ]


def write_csv(file: IO[str], runs: Sequence[Run]) -> None:
    """All that is known of the runs, with the columns of MLflow's `experiments csv`."""
    groups = (
        ("metrics", [run.data.metrics for run in runs]),
        ("params", [run.data.params for run in runs]),
        ("tags", [run.data.tags for run in runs]),
    )
    names = [
        f"{kind}.{key}" for kind, data in groups for key in sorted({k for one in data for k in one})
    ]
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow([*ATTRIBUTES, *names])
    for run in runs:
        writer.writerow([*(_attribute(run, name) for name in ATTRIBUTES), *_values(run, names)])


def _values(run: Run, names: Iterable[str]) -> Iterable[str]:
    for name in names:
        kind, _, key = name.partition(".")
        value = getattr(run.data, kind).get(key)
        # All digits: a CSV file is data, not something to look at.
        yield "" if value is None else str(value)


def _attribute(run: Run, name: str) -> str:
    value = dict(run.info).get(name)
    if value is not None and name.endswith("_time"):
        return datetime.fromtimestamp(value / 1000, timezone.utc).isoformat(sep=" ")
    return "" if value is None else str(value)
