"""Search over runs: first the page's runs in one statement, then their data.

The statement narrows down in two steps. `candidates` are found by conditions
on single rows, which need no merging and may let too many through; only their
rows are then merged, and the exact conditions, the order and the page are
decided on the merged values. So superseded rows never decide.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runstream.v1 import tracking_pb2 as tracking
from runstream_server.query.clauses import Clause, Kind, OrderKey
from runstream_server.query.dataset_clauses import dataset_condition, dataset_row_condition
from runstream_server.query.dialect import RUNS
from runstream_server.query.experiment_ids import resolve_experiment_ids
from runstream_server.query.filters import read_filter
from runstream_server.query.orders import read_order
from runstream_server.query.page_tokens import read_page_size, read_page_token, write_page_token
from runstream_server.query.run_attributes import (
    Experiments,
    attribute_conditions,
    attribute_order,
    merged_runs,
    read_experiments,
    tie_breakers,
)
from runstream_server.query.run_rows import read_run_rows
from runstream_server.query.runs import complete_runs, is_run_id
from runstream_server.query.search_plan import Lookup, SearchPlan, make_plan
from runstream_server.query.search_tables import SEARCH_TABLES, TABLE_OF, SearchTable
from runstream_server.query.sql import Parameters, run_id_hex
from runstream_server.query.view import View

_PAGE_DEFAULT = 1000
_PAGE_MAX = 50_000

_IS_DELETED = {tracking.DELETED_ONLY: 1, tracking.ALL: None}


@dataclass(frozen=True)
class Search:
    """A search, read and checked.

    experiments: only runs of these; None: of all.
    """

    clauses: Sequence[Clause]
    order: Sequence[OrderKey]
    view_type: tracking.ViewType
    experiments: Sequence[int] | None
    offset: int
    limit: int


def search_runs(
    view: View, request: tracking.SearchRunsRequest, now_ms: int
) -> tracking.SearchRunsResponse:
    """One page of runs. Raises ServiceError."""
    search = _read(view, request)
    if search.experiments is not None and not search.experiments:
        return tracking.SearchRunsResponse()
    sql, parameters = search_statement(view, search)
    found = [run_id for (run_id,) in view.rows(sql, parameters.values)]
    page = read_run_rows(view, found[: search.limit])
    response = tracking.SearchRunsResponse(runs=complete_runs(view, page, now_ms))
    if len(found) > search.limit:
        response.next_page_token = write_page_token(search.offset + search.limit)
    return response


def _read(view: View, request: tracking.SearchRunsRequest) -> Search:
    limit = read_page_size(request.max_results, _PAGE_DEFAULT, _PAGE_MAX)
    experiments = (
        None
        if request.all_experiments
        else resolve_experiment_ids(view, list(request.experiment_ids))
    )
    return Search(
        clauses=read_filter(request.filter, RUNS),
        order=read_order(request.order_by, RUNS),
        view_type=request.view_type,
        experiments=experiments,
        offset=read_page_token(request.page_token),
        limit=limit,
    )


def search_statement(view: View, search: Search) -> tuple[str, Parameters]:
    """The statement for the run ids of a page, and one more if there is one."""
    parameters = Parameters()
    plan = make_plan(search.clauses, search.order)
    candidates, narrowed = _candidates(view, search, plan, parameters)
    joins = [
        _join(view, table, plan.lookups[table.kind], narrowed, parameters)
        for table in SEARCH_TABLES
        if plan.lookups[table.kind]
    ]
    experiments = read_experiments(view)
    where = _conditions(search, plan, experiments, parameters)
    where += [dataset_condition(view, clause, narrowed, parameters) for clause in plan.datasets]
    order = _order(search.order, plan, experiments, parameters)
    sql = (
        f"{candidates}SELECT {run_id_hex('v.run_id')} FROM ({merged_runs(view, narrowed)}) AS v "
        f"{' '.join(joins)} WHERE {' AND '.join(where) or '1'} "
        f"ORDER BY {', '.join(order)} "
        f"LIMIT {parameters.integer(search.limit + 1)} OFFSET {parameters.integer(search.offset)} "
        "SETTINGS enable_materialized_cte = 1"
    )
    return sql, parameters


def _candidates(
    view: View, search: Search, plan: SearchPlan, parameters: Parameters
) -> tuple[str, str]:
    """The WITH clause, and the condition on run_id that uses it."""
    narrowed = _named_runs(plan, parameters)
    select = ""
    for table, condition in _row_selects(view, search, plan, parameters):
        select = f"SELECT run_id FROM {table} WHERE {condition} AND {narrowed}"
        narrowed = f"run_id IN ({select})"
    if not select:
        return "", narrowed
    return (
        f"WITH candidates AS MATERIALIZED ({select}) ",
        "run_id IN (SELECT run_id FROM candidates)",
    )


def _named_runs(plan: SearchPlan, parameters: Parameters) -> str:
    """The run ids that a filter names, when it does."""
    conditions = []
    for clause in plan.attributes:
        if clause.identifier.key == "run_id" and clause.comparator in ("=", "IN"):
            values = clause.value if isinstance(clause.value, tuple) else (str(clause.value),)
            named = sorted({value for value in values if is_run_id(value)})
            conditions.append(f"run_id IN {parameters.runs(named)}")
    return " AND ".join(conditions) or "1"


def _row_selects(
    view: View, search: Search, plan: SearchPlan, parameters: Parameters
) -> list[tuple[str, str]]:
    """Tables and conditions on their rows that a matching run has to pass."""
    wanted = [
        (lookup.cost, table, lookup)
        for table in SEARCH_TABLES
        for lookup in plan.lookups[table.kind]
        if lookup.wants_value
    ]
    selects = []
    for _, table, lookup in sorted(wanted, key=lambda item: item[0]):
        conditions = [f"key = {parameters.text(lookup.key)}"]
        conditions += table.row_conditions(lookup, parameters)
        selects.append((view.table(table.table), " AND ".join(conditions)))
    for clause in plan.datasets:
        selects.append((view.table("inputs"), dataset_row_condition(clause, parameters)))
    if search.experiments is not None:
        numbers = parameters.integers(search.experiments)
        selects.append((view.table("runs"), f"created.experiment_id IN {numbers}"))
    return selects


def _join(
    view: View,
    table: SearchTable,
    lookups: Sequence[Lookup],
    narrowed: str,
    parameters: Parameters,
) -> str:
    """The merged values of one table, joined to the runs."""
    columns: list[str] = []
    having: list[str] = []
    for lookup in lookups:
        columns += table.columns(lookup, parameters.text(lookup.key))
        if lookup.wants_value:
            having += [table.has(lookup), *table.conditions(lookup, parameters)]
    keys = parameters.texts([lookup.key for lookup in lookups])
    return (
        f"{'INNER' if having else 'LEFT'} ANY JOIN ("
        f"SELECT run_id, {', '.join(columns)} FROM {view.table(table.table)} "
        f"WHERE key IN {keys} AND {narrowed} GROUP BY run_id"
        f"{' HAVING ' if having else ''}{' AND '.join(having)}"
        f") AS {table.alias} ON v.run_id = {table.alias}.run_id"
    )


def _conditions(
    search: Search, plan: SearchPlan, experiments: Experiments, parameters: Parameters
) -> list[str]:
    """What is decided on the joined rows."""
    conditions = []
    deleted = _IS_DELETED.get(search.view_type, 0)
    if deleted is not None:
        conditions.append(f"{experiments.is_deleted(parameters)} = {deleted}")
    if search.experiments is not None:
        conditions.append(f"v.run_experiment IN {parameters.integers(search.experiments)}")
    conditions += attribute_conditions(plan.attributes, experiments, parameters)
    for table in SEARCH_TABLES:
        conditions += [
            f"NOT {table.alias}.{table.has(lookup)}"
            for lookup in plan.lookups[table.kind]
            if lookup.wants_null
        ]
    return conditions


def _order(
    order: Sequence[OrderKey], plan: SearchPlan, experiments: Experiments, parameters: Parameters
) -> list[str]:
    terms: list[str] = []
    for key in order:
        if key.identifier.kind is Kind.ATTRIBUTE:
            terms += attribute_order(key, experiments, parameters)
            continue
        direction = "DESC" if key.descending else "ASC"
        table = TABLE_OF[key.identifier.kind]
        terms += table.order(plan.lookup(key.identifier), direction)
    return [*terms, *tie_breakers(order)]
