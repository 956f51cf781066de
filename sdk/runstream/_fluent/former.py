"""Names that MLflow had before 2.0 and that tutorials still use."""

from __future__ import annotations

from collections.abc import Sequence

from runstream._fluent.experiments import search_experiments
from runstream._fluent.search import search_runs
from runstream.entities import Experiment, Run, RunInfo, ViewType


def list_experiments(
    view_type: int = ViewType.ACTIVE_ONLY, max_results: int | None = None
) -> list[Experiment]:
    """All experiments, or the first `max_results`.

    Deprecated: MLflow removed it in 2.0; use `search_experiments`.
    """
    return search_experiments(view_type, max_results)


def list_run_infos(
    experiment_id: str,
    run_view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int = 1000,
    order_by: Sequence[str] | None = None,
) -> list[RunInfo]:
    """The attributes of the runs of an experiment.

    Deprecated: MLflow removed it in 2.0; use `search_runs`.
    """
    runs = search_runs(
        [experiment_id], "", run_view_type, max_results, order_by, output_format="list"
    )
    return [run.info for run in runs if isinstance(run, Run)]
