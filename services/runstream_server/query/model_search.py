"""Search over logged models: the page's models in one statement, then their data."""

from __future__ import annotations

from collections.abc import Sequence

from runstream.error_codes import INVALID_PARAMETER_VALUE
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.errors import ErrorPlace, ServiceError
from runstream_server.query.clauses import Clause, Kind
from runstream_server.query.dialect import LOGGED_MODELS
from runstream_server.query.experiment_ids import resolve_experiment_ids
from runstream_server.query.filters import read_filter
from runstream_server.query.model_conditions import (
    any_metric,
    condition,
    merged_models,
)
from runstream_server.query.model_ids import model_id_text
from runstream_server.query.model_orders import Order, order_terms
from runstream_server.query.models import complete_models, read_model_rows
from runstream_server.query.page_tokens import read_page_size, read_page_token, write_page_token
from runstream_server.query.run_attributes import read_experiments
from runstream_server.query.sql import Parameters
from runstream_server.query.view import View

_PAGE_DEFAULT = 50
_PAGE_MAX = 50_000


def search_models(
    view: View, request: tracking.SearchLoggedModelsRequest
) -> tracking.SearchLoggedModelsResponse:
    """One page of models that are not deleted. Raises ServiceError."""
    limit = read_page_size(request.max_results, _PAGE_DEFAULT, _PAGE_MAX)
    offset = read_page_token(request.page_token)
    clauses = read_filter(request.filter, LOGGED_MODELS)
    _check_datasets(request.datasets)
    experiments = resolve_experiment_ids(view, list(request.experiment_ids))
    if not experiments:
        return tracking.SearchLoggedModelsResponse()
    parameters = Parameters()
    where = [f"v.model_experiment IN {parameters.integers(experiments)}", "v.model_deleted = 0"]
    where += _conditions(view, clauses, request.datasets, parameters)
    order = order_terms(view, request.order_by, parameters)
    rows = view.rows(
        f"SELECT {model_id_text('v.model_id')} FROM ({merged_models(view)}) AS v "
        f"{_joins(order)} WHERE {' AND '.join(where)} ORDER BY {', '.join(order.terms)} "
        f"LIMIT {parameters.integer(limit + 1)} OFFSET {parameters.integer(offset)}",
        parameters.values,
    )
    found = [model_id for (model_id,) in rows]
    page = read_model_rows(view, found[:limit])
    response = tracking.SearchLoggedModelsResponse(models=complete_models(view, page))
    if len(found) > limit:
        response.next_page_token = write_page_token(offset + limit)
    return response


def _conditions(
    view: View,
    clauses: Sequence[Clause],
    datasets: Sequence[tracking.DatasetFilter],
    parameters: Parameters,
) -> list[str]:
    experiments = read_experiments(view)
    found = [condition(view, clause, datasets, experiments, parameters) for clause in clauses]
    if datasets and not any(clause.identifier.kind is Kind.METRIC for clause in clauses):
        found.append(any_metric(view, datasets, parameters))
    return found


def _joins(order: Order) -> str:
    return " ".join(order.joins)


def _check_datasets(datasets: Sequence[tracking.DatasetFilter]) -> None:
    if any(not dataset.name for dataset in datasets):
        raise ServiceError(
            INVALID_PARAMETER_VALUE,
            "`dataset_name` in the `datasets` clause must be specified.",
            ErrorPlace(field="datasets"),
        )
