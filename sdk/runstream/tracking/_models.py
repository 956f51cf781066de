"""The client's part for logged models."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from runstream import _artifacts, _downloads, _inputs, _model_search, _models, _server
from runstream._experiment_choice import ExperimentChoice, chosen
from runstream._stack import refresh
from runstream._validation import check_experiment_id, check_model_id
from runstream.entities import (
    DatasetSummary,
    FileInfo,
    LoggedModel,
    LoggedModelOutput,
    LoggedModelStatus,
    PagedList,
)
from runstream.tracking._base import ClientBase


class ModelCalls(ClientBase):
    """Logged models by their ids. Writes need no server for a model of this process."""

    def create_logged_model(
        self,
        experiment_id: str | int,
        name: str | None = None,
        source_run_id: str | None = None,
        tags: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
        model_type: str | None = None,
        flavor: str | None = None,
    ) -> LoggedModel:
        """Make a model, PENDING; see `runstream.initialize_logged_model`.

        flavor: taken for MLflow's sake; not used.
        """
        text = check_experiment_id(experiment_id)
        choice = chosen(self._tracking_uri)
        new = _models.NewModel(
            tracking_uri=self._tracking_uri,
            experiment=choice if choice.experiment_id == text else ExperimentChoice(text),
            name=name,
            source_run_id=source_run_id,
            tags=tags,
            params=params,
            model_type=model_type,
        )
        return _models.create_model(new)

    def finalize_logged_model(self, model_id: str, status: LoggedModelStatus | str) -> LoggedModel:
        """Make it "READY" or "FAILED"."""
        return _models.finalize_model(self._tracking_uri, model_id, status)

    def get_logged_model(self, model_id: str) -> LoggedModel:
        """A model that is not deleted. Raises RESOURCE_DOES_NOT_EXIST."""
        return _server.get_logged_model(self._tracking_uri, check_model_id(model_id))

    def delete_logged_model(self, model_id: str) -> None:
        """Delete a model, for good. Raises RESOURCE_DOES_NOT_EXIST."""
        _models.delete_model(self._tracking_uri, model_id)

    def log_model_params(self, model_id: str, params: Mapping[str, Any]) -> None:
        """Log params of a model; each keeps its first value."""
        _models.log_params(self._tracking_uri, model_id, params)

    def set_logged_model_tags(self, model_id: str, tags: Mapping[str, Any]) -> None:
        """Set tags of a model."""
        _models.set_tags(self._tracking_uri, model_id, tags)

    def delete_logged_model_tag(self, model_id: str, key: str) -> None:
        """Delete a tag; one that is not there is no error."""
        _models.delete_tag(self._tracking_uri, model_id, key)

    def search_logged_models(
        self,
        experiment_ids: Sequence[str | int],
        filter_string: str | None = None,
        datasets: Sequence[Mapping[str, str]] | None = None,
        max_results: int | None = None,
        order_by: Sequence[Mapping[str, Any]] | None = None,
        page_token: str | None = None,
    ) -> PagedList[LoggedModel]:
        """One page of models; `.token` begins the next one. See `runstream.search_logged_models`.

        max_results: not given, 50.
        """
        request = _model_search.search_request(
            experiment_ids, filter_string, datasets, max_results, order_by, page_token
        )
        return _server.search_logged_models(self._tracking_uri, request)

    def log_model_artifact(
        self,
        model_id: str,
        local_path: str | os.PathLike[str],
        artifact_path: str | None = None,
    ) -> None:
        """Log a file as it is now as an artifact of a model."""
        writer = _models.model_writer(model_id, self._tracking_uri)
        _artifacts.log_path(writer, local_path, artifact_path)

    def log_model_artifacts(
        self,
        model_id: str,
        local_dir: str | os.PathLike[str],
        artifact_path: str | None = None,
    ) -> None:
        """Log the files below a folder as they are now."""
        writer = _models.model_writer(model_id, self._tracking_uri)
        _artifacts.log_folder(writer, local_dir, artifact_path)

    def list_logged_model_artifacts(self, model_id: str, path: str | None = None) -> list[FileInfo]:
        """What lies directly in a folder; nothing for a file or what is not there."""
        return _downloads.list_files(self._tracking_uri, check_model_id(model_id), path)

    def log_outputs(self, run_id: str, models: Sequence[LoggedModelOutput]) -> None:
        """Log models that a run wrote."""
        _inputs.log_outputs(self._writer(run_id), models)
        refresh()

    def _search_datasets(self, experiment_ids: Sequence[str | int]) -> list[DatasetSummary]:
        """The datasets that runs of some experiments read: MLflow has it under this name."""
        ids = [check_experiment_id(item) for item in experiment_ids]
        return _server.search_datasets(self._tracking_uri, ids)
