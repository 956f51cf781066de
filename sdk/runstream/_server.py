"""The server as this process sees it: one function per question, entities as answers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from runstream import _wire
from runstream import error_codes as codes
from runstream._agent_calls import unary
from runstream._messages import events_pb2, ingest_pb2, tracking_pb2
from runstream._validation import check_string, shown
from runstream.entities import (
    DatasetSummary,
    Experiment,
    FileInfo,
    LoggedModel,
    Metric,
    PagedList,
    Run,
)
from runstream.exceptions import MlflowException


class Search(NamedTuple):
    """What to look for, and how much of it."""

    filter: str = ""
    view_type: int = 1
    max_results: int = 1000
    order_by: Sequence[str] = ()
    page_token: str = ""


def get_run(uri: str, run_id: str, timeout_seconds: float | None = None) -> Run:
    request = tracking_pb2.GetRunRequest(run_id=run_id)
    answer = unary(uri, "Query/GetRun", request, tracking_pb2.Run, timeout_seconds)
    return _wire.run(answer)


def search_runs(uri: str, experiment_ids: Sequence[str] | None, search: Search) -> PagedList[Run]:
    """experiment_ids: None searches all of them."""
    request = tracking_pb2.SearchRunsRequest(
        experiment_ids=experiment_ids or (),
        all_experiments=experiment_ids is None,
        **_checked(search),
    )
    answer = unary(uri, "Query/SearchRuns", request, tracking_pb2.SearchRunsResponse)
    return PagedList([_wire.run(run) for run in answer.runs], answer.next_page_token or None)


def metric_history(uri: str, run_id: str, key: str) -> list[Metric]:
    """All points of a series, in the order timestamp, step, value."""
    points: list[Metric] = []
    request = tracking_pb2.GetMetricHistoryRequest(run_id=run_id, key=key)
    while True:
        page = unary(uri, "Query/GetMetricHistory", request, tracking_pb2.MetricHistory)
        points += _wire.history(run_id, key, page)
        if not page.next_page_token:
            return points
        request.page_token = page.next_page_token


def get_experiment(
    uri: str, experiment_id: str, timeout_seconds: float | None = None
) -> Experiment:
    request = tracking_pb2.GetExperimentRequest(experiment_id=experiment_id)
    answer = unary(uri, "Query/GetExperiment", request, tracking_pb2.Experiment, timeout_seconds)
    return _wire.experiment(answer)


def get_experiment_by_name(uri: str, name: str) -> Experiment | None:
    request = tracking_pb2.GetExperimentByNameRequest(name=name)
    try:
        answer = unary(uri, "Query/GetExperimentByName", request, tracking_pb2.Experiment)
    except MlflowException as error:
        if error.error_code == codes.RESOURCE_DOES_NOT_EXIST:
            return None
        raise
    return _wire.experiment(answer)


def search_experiments(uri: str, search: Search) -> PagedList[Experiment]:
    request = tracking_pb2.SearchExperimentsRequest(**_checked(search))
    answer = unary(uri, "Query/SearchExperiments", request, tracking_pb2.SearchExperimentsResponse)
    found = [_wire.experiment(item) for item in answer.experiments]
    return PagedList(found, answer.next_page_token or None)


def get_logged_model(uri: str, model_id: str, timeout_seconds: float | None = None) -> LoggedModel:
    request = tracking_pb2.GetLoggedModelRequest(model_id=model_id)
    answer = unary(uri, "Query/GetLoggedModel", request, tracking_pb2.LoggedModel, timeout_seconds)
    return _wire.logged_model(answer)


def search_logged_models(
    uri: str, request: tracking_pb2.SearchLoggedModelsRequest
) -> PagedList[LoggedModel]:
    answer = unary(
        uri, "Query/SearchLoggedModels", request, tracking_pb2.SearchLoggedModelsResponse
    )
    models = [_wire.logged_model(model) for model in answer.models]
    return PagedList(models, answer.next_page_token or None)


def search_datasets(uri: str, experiment_ids: Sequence[str]) -> list[DatasetSummary]:
    request = tracking_pb2.SearchDatasetsRequest(experiment_ids=experiment_ids)
    answer = unary(uri, "Query/SearchDatasets", request, tracking_pb2.SearchDatasetsResponse)
    return [
        DatasetSummary(
            experiment_id=item.experiment_id,
            name=item.name,
            digest=item.digest,
            context=item.context if item.HasField("context") else None,
        )
        for item in answer.summaries
    ]


def list_artifacts(
    uri: str, run_id: str, path: str, recursive: bool = False
) -> tuple[str, list[FileInfo]]:
    """The address of the run's root, and what lies in one of its folders."""
    request = tracking_pb2.ListArtifactsRequest(run_id=run_id, path=path, recursive=recursive)
    answer = unary(uri, "Query/ListArtifacts", request, tracking_pb2.ListArtifactsResponse)
    return answer.root_uri, [_wire.file_info(item) for item in answer.files]


def create_experiment(
    uri: str, name: str, artifact_location: str, tags: Mapping[str, str]
) -> Experiment:
    request = ingest_pb2.CreateExperimentRequest(
        claim_id=os.urandom(16),
        name=name,
        artifact_location=artifact_location,
        tags=_wire.key_values(tags.items()),
    )
    return _change(uri, "CreateExperiment", request)


def ensure_experiment(uri: str, name: str, timeout_seconds: float) -> Experiment:
    """The experiment of that name; created when there is none."""
    request = ingest_pb2.EnsureExperimentRequest(name=name)
    return _change(uri, "EnsureExperiment", request, timeout_seconds)


def rename_experiment(uri: str, experiment_id: str, new_name: str) -> None:
    request = ingest_pb2.RenameExperimentRequest(
        claim_id=os.urandom(16), experiment_id=experiment_id, new_name=new_name
    )
    _change(uri, "RenameExperiment", request)


def delete_experiment(uri: str, experiment_id: str) -> None:
    request = ingest_pb2.ExperimentIdRequest(experiment_id=experiment_id)
    _change(uri, "DeleteExperiment", request)


def restore_experiment(uri: str, experiment_id: str) -> None:
    request = ingest_pb2.ExperimentIdRequest(experiment_id=experiment_id)
    _change(uri, "RestoreExperiment", request)


def tag_experiment(
    uri: str, experiment_id: str, tags: Mapping[str, str], delete: Iterable[str] = ()
) -> None:
    request = ingest_pb2.TagExperimentRequest(
        experiment_id=experiment_id, set=_wire.key_values(tags.items()), delete=list(delete)
    )
    _change(uri, "TagExperiment", request)


def append_once(uri: str, run_id: str, event: events_pb2.Event) -> None:
    """One event by a producer of its own: verdicts that no spool may delay."""
    request = events_pb2.AppendRequest(
        stream_id=run_id,
        producer_id=os.urandom(16),
        seq=1,
        attempt_start_ms=event.time_ms,
        events=[event],
    )
    unary(uri, "Ingest/Append", request, ingest_pb2.AppendResponse)


def _change(
    uri: str,
    method: str,
    request: ingest_pb2.CreateExperimentRequest
    | ingest_pb2.EnsureExperimentRequest
    | ingest_pb2.RenameExperimentRequest
    | ingest_pb2.ExperimentIdRequest
    | ingest_pb2.TagExperimentRequest,
    timeout_seconds: float | None = None,
) -> Experiment:
    answer = unary(uri, f"Ingest/{method}", request, ingest_pb2.ExperimentResponse, timeout_seconds)
    return _wire.experiment(answer.experiment)


def _checked(search: Search) -> dict[str, Any]:
    """The fields that all searches have. Raises INVALID_PARAMETER_VALUE for other kinds."""
    if search.view_type not in (1, 2, 3):
        raise MlflowException.invalid_parameter_value(
            f"Invalid value {shown(search.view_type)} for parameter 'run_view_type' supplied: "
            "ViewType.ACTIVE_ONLY, DELETED_ONLY or ALL."
        )
    return {
        "filter": check_string("filter_string", search.filter),
        "view_type": int(search.view_type),
        "max_results": search.max_results,
        "order_by": [check_string("order_by", clause) for clause in search.order_by],
        "page_token": check_string("page_token", search.page_token),
    }
