"""Experiments: one by id or name."""

from __future__ import annotations

from typing import Any

from runstream.error_codes import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST
from runstream.v1 import events_pb2 as events
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.errors import ErrorPlace, ServiceError
from runstream_server.query.sql import Parameters, pairs
from runstream_server.query.view import View

COLUMNS = (
    "experiment_id, name, artifact_location, deleted, created_ms, updated_ms, "
    "arraySort(tags) AS sorted_tags"
)

_INT64_MAX = 2**63 - 1


def parse_experiment_id(text: str) -> int:
    """The number that an experiment id is. Raises ServiceError."""
    if text.isascii() and text.isdigit() and len(text) < 20 and int(text) <= _INT64_MAX:
        return int(text)
    raise ServiceError(
        INVALID_PARAMETER_VALUE,
        f"Invalid experiment ID {text!r}: it must be a valid integer.",
        ErrorPlace(field="experiment_id"),
    )


def read_experiment(view: View, experiment_id: str) -> tracking.Experiment:
    """By id or by one of the provisional ids it had. Deleted ones too."""
    parameters = Parameters()
    number = parameters.integer(parse_experiment_id(experiment_id))
    rows = view.rows(
        f"SELECT {COLUMNS} FROM {view.table('experiments')} FINAL "
        f"WHERE experiment_id = {number} OR has(aliases, {number}) "
        "ORDER BY experiment_id LIMIT 1",
        parameters.values,
    )
    if not rows:
        raise ServiceError(RESOURCE_DOES_NOT_EXIST, f"No Experiment with id={experiment_id} exists")
    return experiment_message(rows[0])


def read_experiment_by_name(view: View, name: str) -> tracking.Experiment:
    """Names are unique over active and deleted experiments."""
    if not name:
        raise ServiceError(
            INVALID_PARAMETER_VALUE,
            "Missing value for required parameter 'experiment_name'",
            ErrorPlace(field="name"),
        )
    parameters = Parameters()
    rows = view.rows(
        f"SELECT {COLUMNS} FROM {view.table('experiments')} FINAL "
        f"WHERE name = {parameters.text(name)} ORDER BY experiment_id LIMIT 1",
        parameters.values,
    )
    if not rows:
        raise ServiceError(RESOURCE_DOES_NOT_EXIST, f"Could not find experiment with name {name!r}")
    return experiment_message(rows[0])


def artifact_root(experiment_id: int, location: str) -> str:
    """Where an experiment's runs keep their artifacts."""
    return location or f"mlflow-artifacts:/{experiment_id}"


def experiment_message(row: tuple[Any, ...]) -> tracking.Experiment:
    """From a row of `COLUMNS`."""
    number, name, location, deleted, created_ms, updated_ms, tags = row
    return tracking.Experiment(
        experiment_id=str(number),
        name=name,
        artifact_location=artifact_root(number, location),
        lifecycle_stage="deleted" if deleted else "active",
        creation_time=created_ms,
        last_update_time=updated_ms,
        tags=[events.KeyValue(key=key, value=value) for key, value in pairs(tags)],
    )
