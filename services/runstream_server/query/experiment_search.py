"""Search over experiments. There are few of them: one statement reads them all."""

from __future__ import annotations

from collections.abc import Sequence

from runstream.v1 import tracking_pb2 as tracking
from runstream_server.query.clauses import Clause, Kind, OrderKey
from runstream_server.query.dialect import EXPERIMENTS
from runstream_server.query.experiments import COLUMNS, experiment_message
from runstream_server.query.filters import read_filter
from runstream_server.query.orders import read_order
from runstream_server.query.page_tokens import read_page_size, read_page_token, write_page_token
from runstream_server.query.sql import Parameters, compare_text
from runstream_server.query.view import View

_PAGE_DEFAULT = 1000
_PAGE_MAX = 50_000

_COLUMN = {
    "name": "name",
    "experiment_id": "experiment_id",
    "creation_time": "created_ms",
    "last_update_time": "updated_ms",
}
_IS_DELETED = {tracking.DELETED_ONLY: "deleted = 1", tracking.ALL: "1"}


def search_experiments(
    view: View, request: tracking.SearchExperimentsRequest
) -> tracking.SearchExperimentsResponse:
    """One page of experiments. Raises ServiceError."""
    limit = read_page_size(request.max_results, _PAGE_DEFAULT, _PAGE_MAX)
    offset = read_page_token(request.page_token)
    parameters = Parameters()
    conditions = [_IS_DELETED.get(request.view_type, "deleted = 0")]
    clauses = read_filter(request.filter, EXPERIMENTS)
    conditions += [_condition(clause, parameters) for clause in clauses]
    order = _order(read_order(request.order_by, EXPERIMENTS))
    rows = view.rows(
        f"SELECT {COLUMNS} FROM {view.table('experiments')} FINAL "
        f"WHERE {' AND '.join(conditions)} ORDER BY {', '.join(order)} "
        f"LIMIT {parameters.integer(limit + 1)} OFFSET {parameters.integer(offset)}",
        parameters.values,
    )
    response = tracking.SearchExperimentsResponse(
        experiments=[experiment_message(row) for row in rows[:limit]]
    )
    if len(rows) > limit:
        response.next_page_token = write_page_token(offset + limit)
    return response


def _condition(clause: Clause, parameters: Parameters) -> str:
    if clause.identifier.kind is Kind.TAG:
        return _tag_condition(clause, parameters)
    column = _COLUMN[clause.identifier.key]
    if clause.identifier.key == "experiment_id":
        values = clause.value if isinstance(clause.value, tuple) else (str(clause.value),)
        operator = "IN" if clause.comparator in ("=", "IN") else "NOT IN"
        return f"{column} {operator} {parameters.integers([int(value) for value in values])}"
    if isinstance(clause.value, (int, float)):
        return f"{column} {clause.comparator} {parameters.number(clause.value)}"
    assert isinstance(clause.value, str)
    return compare_text(column, clause.comparator, clause.value, parameters)


def _tag_condition(clause: Clause, parameters: Parameters) -> str:
    key = parameters.text(clause.identifier.key)
    present = f"arrayExists(tag -> tag.1 = {key}, tags)"
    if clause.comparator == "IS NULL":
        return f"NOT {present}"
    if clause.comparator == "IS NOT NULL":
        return present
    assert isinstance(clause.value, str)
    value = compare_text("tag.2", clause.comparator, clause.value, parameters)
    return f"arrayExists(tag -> tag.1 = {key} AND {value}, tags)"


def _order(keys: Sequence[OrderKey]) -> list[str]:
    if not keys:
        return ["created_ms DESC", "experiment_id ASC"]
    terms = [f"{_COLUMN[key.identifier.key]} {'DESC' if key.descending else 'ASC'}" for key in keys]
    return [*terms, "experiment_id DESC"]
