"""What runs read and wrote: datasets and models."""

from __future__ import annotations

from collections.abc import Sequence

from runstream.v1 import events_pb2 as events
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.query.sql import Parameters, pairs, run_id_hex
from runstream_server.query.view import View

CONTEXT_TAG = "mlflow.data.context"

_INPUT, _OUTPUT = 0, 1
_DATASET = ("source_type", "source", "schema", "profile")


def read_inputs(view: View, ids: Sequence[str], runs: dict[str, tracking.Run]) -> None:
    """Into these runs, in the order in which it was logged. Ids: at most a statement's worth."""
    _read_datasets(view, ids, runs)
    _read_models(view, ids, runs)


def _read_datasets(view: View, ids: Sequence[str], runs: dict[str, tracking.Run]) -> None:
    """Of each name and digest the first, with its tags."""
    parameters = Parameters()
    first = ", ".join(f"argMax({name}, version)" for name in (*_DATASET, "tags"))
    rows = view.rows(
        f"SELECT {run_id_hex('run_id')}, name, digest, {first} "
        f"FROM {view.table('inputs')} WHERE run_id IN {parameters.runs(ids)} "
        "GROUP BY run_id, name, digest ORDER BY max(version) DESC, name, digest",
        parameters.values,
    )
    for run_id, name, digest, *texts, tags in rows:
        said = dict(zip(_DATASET, texts, strict=True))
        runs[run_id].inputs.dataset_inputs.append(
            events.DatasetInput(
                dataset=events.Dataset(name=name, digest=digest, **said),
                tags=[events.KeyValue(key=key, value=value) for key, value in pairs(tags)],
            )
        )


def _read_models(view: View, ids: Sequence[str], runs: dict[str, tracking.Run]) -> None:
    parameters = Parameters()
    rows = view.rows(
        f"SELECT {run_id_hex('run_id')}, role, model_id, argMax(step, version) "
        f"FROM {view.table('run_models')} WHERE run_id IN {parameters.runs(ids)} "
        "GROUP BY run_id, role, model_id ORDER BY max(version) DESC, model_id",
        parameters.values,
    )
    for run_id, role, model_id, step in rows:
        if role == _INPUT:
            runs[run_id].inputs.model_ids.append(model_id)
        elif role == _OUTPUT:
            runs[run_id].outputs.model_outputs.add(model_id=model_id, step=step)
