"""What points belong to: a model that is named, the active one, or what the run wrote at a step."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runstream._columns import Columns
from runstream._datasets import series_of
from runstream._inputs import log_once
from runstream._stack import active_model_id
from runstream._writer import RunWriter, SeriesOf

Models = Sequence[str | None]


def models_at(writer: RunWriter, model_id: str | None, step: int) -> Models:
    """Of points at one step; what the run wrote counts as far as this process logged it."""
    named = model_id or active_model_id()
    return [named] if named else writer.outputs.get(step) or [None]


def columns_by_models(
    writer: RunWriter, model_id: str | None, columns: Columns
) -> Iterator[tuple[Columns, Models]]:
    """Of histories: parts that belong to the same models."""
    named = model_id or active_model_id()
    if named or not writer.outputs:
        yield columns, [named or None]
        return
    rows: dict[int | None, list[int]] = {}
    for row, step in enumerate(columns.steps):
        rows.setdefault(step if step in writer.outputs else None, []).append(row)
    for at, chosen in rows.items():
        models: Models = [None] if at is None else writer.outputs[at]
        yield _taken(columns, chosen), models


def series_for(writer: RunWriter, models: Models, dataset: Any) -> list[SeriesOf]:
    """The series that points go to; what they belong to becomes an input of the run."""
    series = [series_of(model_id, dataset) for model_id in models]
    if dataset is not None or models[0] is not None:
        log_once(writer, [model_id or "" for model_id in models], dataset)
    return series


def _taken(columns: Columns, rows: Sequence[int]) -> Columns:
    values: Mapping[str, array[float]] = columns.values
    return Columns(
        array("q", [columns.steps[row] for row in rows]),
        array("q", [columns.times_ms[row] for row in rows]),
        {key: array("d", [column[row] for row in rows]) for key, column in values.items()},
    )
