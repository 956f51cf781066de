"""The client's part for the lifecycle of runs, and for finding them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runstream import _server, _sources
from runstream._experiment_choice import ExperimentChoice, chosen
from runstream._experiments import check_max_results
from runstream._runs import NewRun, create_run, set_deleted
from runstream._system_tags import PARENT_RUN_ID, RUN_NAME, USER
from runstream._validation import (
    check_experiment_id,
    check_key,
    check_list,
    check_run_id,
    invalid_value,
)
from runstream._values import as_timestamp_ms
from runstream._writer import now_ms
from runstream.entities import Metric, PagedList, Run, RunStatus, ViewType
from runstream.tracking._base import ClientBase


class RunCalls(ClientBase):
    """Runs as wholes."""

    def create_run(
        self,
        experiment_id: str | int,
        start_time: int | None = None,
        tags: Mapping[str, Any] | None = None,
        run_name: str | None = None,
    ) -> Run:
        """Create a run that only `set_terminated` ends. Needs no server.

        start_time: Unix time in ms; not given, now.
        """
        all_tags = dict(tags or {})
        named = all_tags.get(RUN_NAME)
        if run_name and named and run_name != named:
            raise invalid_value("run_name", run_name, f"the tag {RUN_NAME} says {named!r}.")
        new = NewRun(
            tracking_uri=self._tracking_uri,
            experiment=self._experiment(experiment_id),
            tags=all_tags,
            user_id=str(all_tags.get(USER, "unknown")),
            run_name=run_name,
            source=_sources.source(),
            start_time_ms=None if start_time is None else as_timestamp_ms(start_time),
            attempt_start_ms=now_ms(),
            owned=False,
        )
        return create_run(new)[1]

    def _experiment(self, experiment_id: str | int) -> ExperimentChoice:
        text = check_experiment_id(experiment_id)
        choice = chosen(self._tracking_uri)
        return choice if choice.experiment_id == text else ExperimentChoice(text)

    def get_run(self, run_id: str) -> Run:
        """A run, deleted or not. Raises RESOURCE_DOES_NOT_EXIST."""
        return _server.get_run(self._tracking_uri, check_run_id(run_id))

    def get_parent_run(self, run_id: str) -> Run | None:
        """The parent of a nested run; None when it has none."""
        parent = self.get_run(run_id).data.tags.get(PARENT_RUN_ID)
        return None if parent is None else self.get_run(parent)

    def search_runs(
        self,
        experiment_ids: Sequence[str | int] | str | int,
        filter_string: str = "",
        run_view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int = 1000,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Run]:
        """One page of runs; `.token` begins the next one."""
        single = isinstance(experiment_ids, str | int)
        given = [experiment_ids] if single else check_list("experiment_ids", experiment_ids)
        search = _server.Search(
            filter="" if filter_string is None else filter_string,
            view_type=run_view_type,
            max_results=check_max_results(max_results),
            order_by=check_list("order_by", () if order_by is None else order_by),
            page_token="" if page_token is None else page_token,
        )
        ids = [check_experiment_id(item) for item in given]
        return _server.search_runs(self._tracking_uri, ids, search)

    def get_metric_history(self, run_id: str, key: str) -> list[Metric]:
        """All points of a metric, in the order timestamp, step, value."""
        return _server.metric_history(self._tracking_uri, check_run_id(run_id), check_key(key))

    def update_run(self, run_id: str, status: str | None = None, name: str | None = None) -> None:
        """Change status or name of a run; None keeps it."""
        if status is not None:
            RunStatus.from_string(status)
        if status is not None or name:
            self._writer(run_id).update(status=status, run_name=name or None)

    def set_terminated(
        self, run_id: str, status: str | None = None, end_time: int | None = None
    ) -> None:
        """End a run. status: FINISHED when not given; end_time: Unix time in ms, now."""
        ended = now_ms() if end_time is None else as_timestamp_ms(end_time)
        writer = self._writer(run_id)
        writer.update(status=status or "FINISHED", end_time_ms=ended)
        if not writer.definition.owned:
            writer.close()

    def delete_run(self, run_id: str) -> None:
        """Mark a run as deleted; one that is deleted already stays so."""
        set_deleted(self._tracking_uri, run_id, True)

    def restore_run(self, run_id: str) -> None:
        """Undo `delete_run`."""
        set_deleted(self._tracking_uri, run_id, False)
