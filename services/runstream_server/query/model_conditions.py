"""Conditions of a search of logged models, on merged rows called `v`.

A metric is compared by its latest value of each run and dataset; one that
matches is enough. NaN matches only `!=`.
"""

from __future__ import annotations

from collections.abc import Sequence

from runstream.v1 import tracking_pb2 as tracking
from runstream_server.query.clauses import Clause, Kind
from runstream_server.query.model_data import not_purged
from runstream_server.query.model_ids import model_id_text
from runstream_server.query.run_attributes import Experiments
from runstream_server.query.sql import NO_POSITION, Parameters, compare_text
from runstream_server.query.view import View

MODEL_STATUSES = ("PENDING", "READY", "FAILED")

_ID = model_id_text("v.model_id")
_NUMBERS = ", ".join(str(number) for number, _ in enumerate(MODEL_STATUSES, start=1))
_NAMES = ", ".join(f"'{name}'" for name in MODEL_STATUSES)

# Constant SQL: nothing of a caller stands in here.
_TEXTS = {
    "model_id": _ID,
    "name": "v.model_name",
    "model_type": "v.model_type",
    "source_run_id": "v.model_source",
    "status": f"transform(v.model_status, [{_NUMBERS}], [{_NAMES}], 'PENDING')",
    "status_message": "v.model_message",
    "experiment_id": "toString(v.model_experiment)",
}
_NUMERIC = {
    "creation_timestamp": "v.model_created",
    "last_updated_timestamp": "greatest(v.model_created, v.model_updated)",
}


def merged_models(view: View) -> str:
    """A SELECT of all models that exist, one row each."""
    return (
        "SELECT model_id, min(created) AS c, c.experiment_id AS model_experiment, "
        "c.creation_time AS model_created, c.name AS model_name, c.model_type AS model_type, "
        "c.source_run_id AS model_source, max(status).status AS model_status, "
        "max(status_message).value AS model_message, max(updated_ms) AS model_updated, "
        f"max(deleted) AS model_deleted FROM {view.table('models')} "
        f"GROUP BY model_id HAVING min(created.pos) != {NO_POSITION}"
    )


def attribute(name: str, experiments: Experiments, parameters: Parameters) -> str:
    """The expression of an attribute."""
    if name == "artifact_location":
        root = experiments.root("v.model_experiment", parameters)
        return f"concat({root}, '/models/', {_ID}, '/artifacts')"
    return _NUMERIC.get(name) or _TEXTS[name]


def condition(
    view: View,
    clause: Clause,
    datasets: Sequence[tracking.DatasetFilter],
    experiments: Experiments,
    parameters: Parameters,
) -> str:
    """One clause of a filter."""
    kind, key = clause.identifier.kind, clause.identifier.key
    if kind is Kind.METRIC:
        value = f"value {clause.comparator} {_number(clause, parameters)}"
        return _metric(view, [f"key = {parameters.text(key)}"], datasets, value, parameters)
    if kind is Kind.PARAM:
        value = _text("argMin(first.value, first.pos)", clause, parameters)
        return _keyed(view, "model_params", key, value, parameters)
    if kind is Kind.TAG:
        value = _text("argMax(value, version)", clause, parameters)
        having = f"argMax(deleted, version) = 0 AND {value}"
        return _keyed(view, "model_tags", key, having, parameters)
    expression = attribute(key, experiments, parameters)
    if key in _NUMERIC:
        return f"{expression} {clause.comparator} {_number(clause, parameters)}"
    return _text(expression, clause, parameters)


def any_metric(
    view: View, datasets: Sequence[tracking.DatasetFilter], parameters: Parameters
) -> str:
    """Has the model any point on one of these datasets?"""
    return _metric(view, [], datasets, "1", parameters)


def on_dataset(dataset: tracking.DatasetFilter, parameters: Parameters) -> str:
    """The condition on rows of `series`."""
    named = f"dataset_name = {parameters.text(dataset.name)}"
    if dataset.digest:
        named += f" AND dataset_digest = {parameters.text(dataset.digest)}"
    return f"({named})"


def _metric(
    view: View,
    conditions: Sequence[str],
    datasets: Sequence[tracking.DatasetFilter],
    value: str,
    parameters: Parameters,
) -> str:
    where = ["model_id != ''", not_purged(view), *conditions]
    if datasets:
        where.append(f"({' OR '.join(on_dataset(one, parameters) for one in datasets)})")
    return (
        f"{_ID} IN (SELECT model_id FROM (SELECT model_id, max(last) AS top, "
        "if(top.is_nan = 1, nan, top.value) AS value "
        f"FROM {view.table('series')} WHERE {' AND '.join(where)} "
        f"GROUP BY model_id, key, run_id, dataset_name, dataset_digest) WHERE {value})"
    )


def _keyed(view: View, table: str, key: str, having: str, parameters: Parameters) -> str:
    return (
        f"v.model_id IN (SELECT model_id FROM {view.table(table)} "
        f"WHERE key = {parameters.text(key)} GROUP BY model_id HAVING {having})"
    )


def _number(clause: Clause, parameters: Parameters) -> str:
    assert isinstance(clause.value, (int, float))
    return parameters.number(clause.value)


def _text(expression: str, clause: Clause, parameters: Parameters) -> str:
    assert isinstance(clause.value, (str, tuple))
    return compare_text(expression, clause.comparator, clause.value, parameters)
