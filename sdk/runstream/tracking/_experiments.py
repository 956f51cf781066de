"""The client's part for experiments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runstream import _experiments, _server
from runstream._validation import check_experiment_id, check_experiment_name, check_key
from runstream.entities import Experiment, PagedList, ViewType
from runstream.tracking._base import ClientBase


class ExperimentCalls(ClientBase):
    """Experiments."""

    def create_experiment(
        self,
        name: str,
        artifact_location: str | None = None,
        tags: Mapping[str, Any] | None = None,
    ) -> str:
        """Create an experiment; its id. RESOURCE_ALREADY_EXISTS for a taken name."""
        return _experiments.create(self._tracking_uri, name, artifact_location, tags)

    def get_experiment(self, experiment_id: str | int) -> Experiment:
        """An experiment, deleted or not. Raises RESOURCE_DOES_NOT_EXIST."""
        return _server.get_experiment(self._tracking_uri, check_experiment_id(experiment_id))

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        """An experiment, deleted or not; None when there is none of that name."""
        return _server.get_experiment_by_name(self._tracking_uri, check_experiment_name(name))

    def search_experiments(
        self,
        view_type: int = ViewType.ACTIVE_ONLY,
        max_results: int | None = 1000,
        filter_string: str | None = None,
        order_by: Sequence[str] | None = None,
        page_token: str | None = None,
    ) -> PagedList[Experiment]:
        """One page of experiments; `.token` begins the next one."""
        size = 1000 if max_results is None else max_results
        return _experiments.search(
            self._tracking_uri, view_type, size, filter_string, order_by, page_token
        )

    def rename_experiment(self, experiment_id: str | int, new_name: str) -> None:
        """Give an experiment another name. RESOURCE_ALREADY_EXISTS for a taken one."""
        _server.rename_experiment(
            self._tracking_uri, check_experiment_id(experiment_id), check_experiment_name(new_name)
        )

    def delete_experiment(self, experiment_id: str | int) -> None:
        """Mark an experiment, and so its runs, as deleted."""
        _server.delete_experiment(self._tracking_uri, check_experiment_id(experiment_id))

    def restore_experiment(self, experiment_id: str | int) -> None:
        """Undo `delete_experiment`."""
        _server.restore_experiment(self._tracking_uri, check_experiment_id(experiment_id))

    def set_experiment_tag(self, experiment_id: str | int, key: str, value: Any) -> None:
        """Set a tag of an experiment."""
        _experiments.set_tags(self._tracking_uri, str(experiment_id), {check_key(key): value})

    def delete_experiment_tag(self, experiment_id: str | int, key: str) -> None:
        """Delete a tag of an experiment."""
        _experiments.delete_tag(self._tracking_uri, str(experiment_id), key)
