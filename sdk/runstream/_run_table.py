"""Runs as rows of a pandas DataFrame."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runstream.entities import Run

if TYPE_CHECKING:
    import pandas as pd


def pandas(asked: str = "search_runs") -> Any:
    """The library. ImportError that says what else to call."""
    try:
        return importlib.import_module("pandas")
    except ImportError as error:
        raise ImportError(
            f"{asked} returns a pandas DataFrame and pandas is not installed: install it, or "
            f'call {asked}(output_format="list").'
        ) from error


def run_table(runs: Sequence[Run]) -> pd.DataFrame:
    """One row a run: its attributes, `metrics.…`, `params.…`, `tags.…`."""
    pandas_ = pandas()
    columns: dict[str, Any] = {
        "run_id": [run.info.run_id for run in runs],
        "experiment_id": [run.info.experiment_id for run in runs],
        "status": [run.info.status for run in runs],
        "artifact_uri": [run.info.artifact_uri for run in runs],
        "start_time": pandas_.to_datetime([r.info.start_time for r in runs], unit="ms", utc=True),
        "end_time": pandas_.to_datetime([r.info.end_time for r in runs], unit="ms", utc=True),
    }
    columns |= _columns("metrics", [run.data.metrics for run in runs], float("nan"))
    texts = _columns("params", [run.data.params for run in runs], None)
    texts |= _columns("tags", [run.data.tags for run in runs], None)
    # As objects: a column of strings would turn None into NaN.
    columns |= {name: pandas_.Series(text, dtype=object) for name, text in texts.items()}
    table: pd.DataFrame = pandas_.DataFrame(columns)
    return table


def _columns(prefix: str, rows: Sequence[Mapping[str, Any]], missing: Any) -> dict[str, list[Any]]:
    keys = dict.fromkeys(key for row in rows for key in row)
    return {f"{prefix}.{key}": [row.get(key, missing) for row in rows] for key in keys}
