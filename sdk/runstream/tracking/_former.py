"""The client's methods that MLflow had before 2.0 and that tutorials still use."""

from __future__ import annotations

from collections.abc import Sequence

from runstream.entities import Experiment, PagedList, RunInfo, ViewType
from runstream.tracking._experiments import ExperimentCalls
from runstream.tracking._runs import RunCalls


class FormerCalls(RunCalls, ExperimentCalls):
    """Former names."""

    def list_experiments(
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int | None = None,
        page_token: str | None = None,
    ) -> PagedList[Experiment]:
        """One page of experiments.

        Deprecated: MLflow removed it in 2.0; use `search_experiments`.
        """
        return self.search_experiments(view_type, max_results, page_token=page_token)

    def list_run_infos(
        self,
        experiment_id: str,
        run_view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[RunInfo]:
        """One page of the attributes of an experiment's runs.

        Deprecated: MLflow removed it in 2.0; use `search_runs`.
        """
        page = self.search_runs(
            [experiment_id], "", run_view_type, max_results, order_by, page_token
        )
        return PagedList([run.info for run in page], page.token)
