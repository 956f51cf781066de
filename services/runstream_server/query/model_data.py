"""Params, tags and metrics of a page of logged models."""

from __future__ import annotations

from collections.abc import Sequence

from runstream.v1 import events_pb2 as events
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.query.model_ids import hex_of, model_id_text
from runstream_server.query.sql import Parameters, run_id_hex
from runstream_server.query.view import View


def read_model_data(view: View, models: dict[str, tracking.LoggedModel]) -> None:
    """Into these models, by their ids. Keys are sorted."""
    ids = list(models)
    _read_params(view, ids, models)
    _read_tags(view, ids, models)
    _read_metrics(view, ids, models)


_Models = dict[str, tracking.LoggedModel]


def _read_params(view: View, ids: Sequence[str], models: _Models) -> None:
    """The first value in log order."""
    parameters = Parameters()
    rows = view.rows(
        f"SELECT {model_id_text('model_id')}, key, argMin(first.value, first.pos) "
        f"FROM {view.table('model_params')} "
        f"WHERE model_id IN {parameters.runs([hex_of(one) for one in ids])} "
        "GROUP BY model_id, key ORDER BY key",
        parameters.values,
    )
    for model_id, key, value in rows:
        models[model_id].params.append(events.KeyValue(key=key, value=value))


def _read_tags(view: View, ids: Sequence[str], models: _Models) -> None:
    """The last set in log order, unless a delete came after it."""
    parameters = Parameters()
    rows = view.rows(
        f"SELECT {model_id_text('model_id')}, key, argMax(value, version) "
        f"FROM {view.table('model_tags')} "
        f"WHERE model_id IN {parameters.runs([hex_of(one) for one in ids])} "
        "GROUP BY model_id, key HAVING argMax(deleted, version) = 0 ORDER BY key",
        parameters.values,
    )
    for model_id, key, value in rows:
        models[model_id].tags.append(events.KeyValue(key=key, value=value))


def _read_metrics(view: View, ids: Sequence[str], models: _Models) -> None:
    """The latest point per key, dataset and run, over all sources."""
    parameters = Parameters()
    rows = view.rows(
        f"SELECT model_id, toString(key) AS name, {run_id_hex('run_id')} AS run, "
        "toString(dataset_name) AS dataset, toString(dataset_digest) AS digest, "
        "max((last, toString(source))) AS top, "
        "if(top.1.is_nan = 1, nan, top.1.value), top.1.timestamp, top.1.step, top.2 "
        f"FROM {view.table('series')} WHERE model_id IN {parameters.texts(ids)} "
        f"AND {not_purged(view)} "
        "GROUP BY model_id, key, run_id, dataset_name, dataset_digest "
        "ORDER BY name, dataset, digest, run",
        parameters.values,
    )
    for model_id, key, run_id, dataset, digest, _, value, timestamp, step, source in rows:
        models[model_id].metrics.add(
            key=key,
            value=value,
            timestamp=timestamp,
            step=step,
            source=source,
            model_id=model_id,
            dataset_name=dataset,
            dataset_digest=digest,
            run_id=run_id,
        )


def not_purged(view: View) -> str:
    """The condition on rows of runs."""
    return f"run_id NOT IN (SELECT run_id FROM {view.table('tombstones')})"
