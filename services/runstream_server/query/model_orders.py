"""The order of a search of logged models.

A metric is ordered by its newest point over all runs and datasets, or those of
one dataset: the greatest time, then the greatest step. Models without one come
last in both directions, and those whose value is NaN right before them. Then
the newest model comes first, then goes the id.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runstream.v1 import tracking_pb2 as tracking
from runstream_server.query.clauses import Identifier, Kind
from runstream_server.query.dialect import LOGGED_MODELS
from runstream_server.query.identifiers import resolve
from runstream_server.query.model_conditions import attribute, on_dataset
from runstream_server.query.model_data import not_purged
from runstream_server.query.model_ids import model_id_text
from runstream_server.query.run_attributes import read_experiments
from runstream_server.query.sql import Parameters
from runstream_server.query.syntax import FilterError
from runstream_server.query.view import View

_FIELD = "order_by"


@dataclass(frozen=True)
class Order:
    """What to order by, and the joins that it needs."""

    terms: Sequence[str]
    joins: Sequence[str]


def order_terms(view: View, keys: Sequence[tracking.ModelOrder], parameters: Parameters) -> Order:
    """Raises FilterError."""
    experiments = read_experiments(view)
    terms: list[str] = []
    joins: list[str] = []
    seen: set[str] = set()
    for key in keys:
        identifier = _read(key)
        direction = "DESC" if key.descending else "ASC"
        if identifier.kind is Kind.METRIC:
            alias = f"o{len(joins)}"
            joins.append(_join(view, alias, identifier.key, key, parameters))
            terms += [
                f"{alias}.has DESC", f"isNaN({alias}.value) ASC", f"{alias}.value {direction}",
            ]  # fmt: skip
            continue
        seen.add(identifier.key)
        terms.append(f"{attribute(identifier.key, experiments, parameters)} {direction}")
    if "creation_timestamp" not in seen:
        terms.append("v.model_created DESC")
    if "model_id" not in seen:
        terms.append(f"{model_id_text('v.model_id')} ASC")
    return Order(terms, joins)


def _read(key: tracking.ModelOrder) -> Identifier:
    identifier = resolve(key.field, LOGGED_MODELS, _FIELD) if key.field else None
    if identifier is None or identifier.kind not in LOGGED_MODELS.orderable_kinds:
        raise FilterError(
            f"Invalid order by field name: {key.field!r}. It is an attribute or a metric, "
            "for example 'creation_timestamp' or 'metrics.accuracy'.",
            _FIELD,
        )
    if identifier.kind is not Kind.METRIC and (key.dataset_name or key.dataset_digest):
        raise FilterError(f"{key.field!r} is no metric, and so has no dataset.", _FIELD)
    if key.dataset_digest and not key.dataset_name:
        raise FilterError(
            "`dataset_digest` can only be specified if `dataset_name` is also specified.", _FIELD
        )
    return identifier


def _join(
    view: View, alias: str, metric: str, key: tracking.ModelOrder, parameters: Parameters
) -> str:
    where = [f"key = {parameters.text(metric)}", "model_id != ''", not_purged(view)]
    if key.dataset_name:
        dataset = tracking.DatasetFilter(name=key.dataset_name, digest=key.dataset_digest)
        where.append(on_dataset(dataset, parameters))
    newest = "(last.timestamp, last.step, toString(run_id))"
    return (
        "LEFT ANY JOIN (SELECT model_id, 1 AS has, "
        f"argMax(if(last.is_nan = 1, nan, last.value), {newest}) AS value "
        f"FROM {view.table('series')} WHERE {' AND '.join(where)} GROUP BY model_id"
        f") AS {alias} ON {model_id_text('v.model_id')} = {alias}.model_id"
    )
