"""Logged models: one by id, or a page of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from runstream.error_codes import RESOURCE_DOES_NOT_EXIST
from runstream.v1 import events_pb2 as events
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.errors import ErrorPlace, ServiceError
from runstream_server.query.experiments import artifact_root
from runstream_server.query.model_data import read_model_data
from runstream_server.query.model_ids import hex_of, is_model_id, model_id_text
from runstream_server.query.run_rows import read_experiment_states
from runstream_server.query.sql import NO_POSITION, Parameters
from runstream_server.query.view import View


class ModelRow(NamedTuple):
    """The attributes of one model."""

    model_id: str
    experiment_id: int
    creation_time: int
    name: str
    model_type: str
    source_run_id: str
    status: int
    status_message: str
    updated_ms: int
    deleted: int
    location: str


def read_model(view: View, model_id: str, *, allow_deleted: bool) -> tracking.LoggedModel:
    """One model with its data. Raises ServiceError."""
    return complete_models(view, [read_model_row(view, model_id, allow_deleted)])[0]


def read_model_row(view: View, model_id: str, allow_deleted: bool) -> ModelRow:
    """Its attributes. Raises ServiceError."""
    rows = read_model_rows(view, [model_id]) if is_model_id(model_id) else []
    if not rows or (rows[0].deleted and not allow_deleted):
        raise ServiceError(
            RESOURCE_DOES_NOT_EXIST,
            f"Logged model with ID '{model_id}' not found.",
            ErrorPlace(field="model_id"),
        )
    return rows[0]


def read_model_rows(view: View, model_ids: Sequence[str]) -> list[ModelRow]:
    """Those of these models that exist, in the order given."""
    parameters = Parameters()
    rows = view.rows(
        f"SELECT {model_id_text('model_id')}, min(created) AS c, c.experiment_id, "
        "c.creation_time, c.name, c.model_type, c.source_run_id, max(status).status, "
        "max(status_message).value, max(updated_ms), max(deleted) "
        f"FROM {view.table('models')} "
        f"WHERE model_id IN {parameters.runs([hex_of(one) for one in model_ids])} "
        f"GROUP BY model_id HAVING min(created.pos) != {NO_POSITION}",
        parameters.values,
    )
    states = read_experiment_states(view, {row[2] for row in rows})
    found = {}
    for model_id, _, number, *rest in rows:
        location = states[number].location if number in states else ""
        found[model_id] = ModelRow._make((model_id, number, *rest, location))
    return [found[model_id] for model_id in model_ids if model_id in found]


def complete_models(view: View, rows: Sequence[ModelRow]) -> list[tracking.LoggedModel]:
    """The models of these rows, in their order, with their data."""
    models = {row.model_id: _message(row) for row in rows}
    read_model_data(view, models)
    return list(models.values())


def model_artifact_uri(row: ModelRow) -> str:
    """Where the model's artifacts are."""
    root = artifact_root(row.experiment_id, row.location)
    return f"{root.rstrip('/')}/models/{row.model_id}/artifacts"


def _message(row: ModelRow) -> tracking.LoggedModel:
    status = row.status or events.LOGGED_MODEL_PENDING
    return tracking.LoggedModel(
        model_id=row.model_id,
        experiment_id=str(row.experiment_id),
        name=row.name,
        model_type=row.model_type,
        source_run_id=row.source_run_id,
        status=events.LoggedModelStatus.Name(status),
        status_message=row.status_message,
        creation_time=row.creation_time,
        last_update_time=max(row.creation_time, row.updated_ms),
        artifact_uri=model_artifact_uri(row),
        lifecycle_stage="deleted" if row.deleted else "active",
    )
