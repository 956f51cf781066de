"""Logged models as this process writes them: new ones, and those of others.

What concerns a model goes to a stream of its own, so its order is that of the
log whichever run or process writes it. A model that this process made needs no
server; of any other one the server says whether it exists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from runstream import _limits as limits
from runstream import _server, _sources
from runstream._agent_calls import is_away
from runstream._config import config
from runstream._experiment_choice import ExperimentChoice
from runstream._ids import new_model_id
from runstream._messages import events_pb2, spool_pb2
from runstream._notices import warn
from runstream._process import this_process
from runstream._run_names import random_run_name
from runstream._runs import open_writer, verdict_seconds
from runstream._validation import (
    check_key,
    check_length,
    check_model_id,
    check_model_name,
    param_value,
)
from runstream._wire import key_values
from runstream._writer import RunWriter, checked_tags, now_ms
from runstream.entities import LoggedModel, LoggedModelStatus
from runstream.exceptions import MlflowException


class ModelWriter(RunWriter):
    """Writes to one logged model. Its artifacts are logged as those of a run."""

    def create_model(self, created: events_pb2.LoggedModelCreated) -> None:
        self._append(events_pb2.Event(logged_model_created=created))

    def set_status(self, status: LoggedModelStatus) -> None:
        updated = events_pb2.LoggedModelUpdated(
            model_id=self.run_id,
            status=status.to_int(),  # type: ignore[arg-type]
        )
        self._append(events_pb2.Event(logged_model_updated=updated))

    def log_model_params(self, texts: Mapping[str, str]) -> None:
        """What `checked_params` returned."""
        params = events_pb2.LoggedModelParams(
            model_id=self.run_id, params=key_values(texts.items())
        )
        self._append(events_pb2.Event(logged_model_params=params))

    def set_model_tags(self, texts: Mapping[str, str]) -> None:
        """What `checked_tags` returned."""
        tags = events_pb2.LoggedModelTags(model_id=self.run_id, set=key_values(texts.items()))
        self._append(events_pb2.Event(logged_model_tags=tags))

    def delete_model_tag(self, key: str) -> None:
        tags = events_pb2.LoggedModelTags(model_id=self.run_id, delete=[check_key(key)])
        self._append(events_pb2.Event(logged_model_tags=tags))


@dataclass(frozen=True)
class NewModel:
    """What a logged model is created with. name: empty: a random one."""

    tracking_uri: str
    experiment: ExperimentChoice
    name: str | None = None
    source_run_id: str | None = None
    tags: Mapping[str, Any] | None = None
    params: Mapping[str, Any] | None = None
    model_type: str | None = None


def create_model(new: NewModel) -> LoggedModel:
    """Spool a new model, PENDING. Needs no server."""
    model_id = new_model_id()
    name = check_model_name(new.name or random_run_name(model_id.removeprefix("m-")))
    model_type = new.model_type or ""
    check_length("model_type", model_type, limits.MODEL_NAME_LENGTH_CHARACTERS)
    tags, params = checked_tags(new.tags or {}), checked_params(new.params or {})
    start = now_ms()
    writer = _open(model_id, new.tracking_uri)
    writer.create_model(
        events_pb2.LoggedModelCreated(
            model_id=model_id,
            experiment_id=new.experiment.id_to_send,
            experiment_name=new.experiment.name,
            name=name,
            model_type=model_type,
            source_run_id=new.source_run_id or "",
            creation_time_ms=start,
        )
    )
    if params:
        writer.log_model_params(params)
    if tags:
        writer.set_model_tags(tags)
    number = new.experiment.experiment_id
    root = new.experiment.artifact_location.rstrip("/") or f"mlflow-artifacts:/{number}"
    model = LoggedModel(
        experiment_id=number,
        model_id=model_id,
        name=name,
        artifact_location=f"{root}/models/{model_id}/artifacts",
        creation_timestamp=start,
        last_updated_timestamp=start,
        model_type=new.model_type,
        source_run_id=new.source_run_id,
        status=LoggedModelStatus.PENDING,
        tags=tags,
        params=params,
        metrics=[],
    )
    writer.artifact_uri = model.artifact_location
    writer.process.models[model_id] = model
    return model


def finalize_model(uri: str, model_id: str, status: LoggedModelStatus | str) -> LoggedModel:
    """Make it READY or FAILED; as this process knows it, else as the server does then."""
    wanted = _final(status)
    writer = model_writer(model_id, uri)
    writer.set_status(wanted)
    own = writer.process.models.get(model_id)
    if own is None:
        return _server.get_logged_model(uri, model_id)
    return _remember(replace(own, status=wanted, last_updated_timestamp=now_ms()))


def log_params(uri: str, model_id: str, params: Mapping[str, Any]) -> None:
    """A param that the model has already keeps its value."""
    texts = checked_params(params)
    writer = model_writer(model_id, uri)
    writer.log_model_params(texts)
    own = writer.process.models.get(model_id)
    if own is not None:
        _remember(replace(own, params={**texts, **own.params}))


def set_tags(uri: str, model_id: str, tags: Mapping[str, Any]) -> None:
    texts = checked_tags(tags)
    writer = model_writer(model_id, uri)
    writer.set_model_tags(texts)
    own = writer.process.models.get(model_id)
    if own is not None:
        _remember(replace(own, tags={**own.tags, **texts}))


def delete_tag(uri: str, model_id: str, key: str) -> None:
    writer = model_writer(model_id, uri)
    writer.delete_model_tag(key)
    own = writer.process.models.get(model_id)
    if own is not None:
        _remember(replace(own, tags={k: v for k, v in own.tags.items() if k != key}))


def delete_model(uri: str, model_id: str) -> None:
    """For good. Raises RESOURCE_DOES_NOT_EXIST for an unknown or deleted one."""
    model_id = check_model_id(model_id)
    _server.get_logged_model(uri, model_id)
    event = events_pb2.Event(
        time_ms=now_ms(), logged_model_deleted=events_pb2.LoggedModelDeleted(model_id=model_id)
    )
    _server.append_once(uri, model_id, event)
    process = this_process()
    process.models.pop(model_id, None)
    writer = process.writers.get((uri, model_id))
    if writer is not None:
        writer.close()


def model_writer(model_id: str, uri: str) -> ModelWriter:
    """A writer for any model by its id.

    One that this process did not make is looked up first: raises where the
    server says that it does not exist.
    """
    model_id = check_model_id(model_id)
    process = this_process()
    found = process.writers.get((uri, model_id))
    if found is not None:
        return cast("ModelWriter", found)
    known = process.models.get(model_id) or _known(model_id, uri)
    writer = _open(model_id, uri)
    if known is not None:
        writer.artifact_uri = known.artifact_location
    return writer


def checked_params(params: Mapping[str, Any]) -> dict[str, str]:
    """Params as text; raises for the first that is refused."""
    truncate = config().truncate_long_values
    return {
        check_key(key): param_value(key, value, truncate=truncate) for key, value in params.items()
    }


def _known(model_id: str, uri: str) -> LoggedModel | None:
    """The model as the server knows it; None, with a warning, when the server is away."""
    if not config().online:
        return None
    try:
        return _server.get_logged_model(uri, model_id, verdict_seconds(uri))
    except MlflowException as error:
        if not is_away(error):
            raise
        warn(f"Model {model_id} could not be looked up, so the log decides: {error}")
        return None


def _open(model_id: str, uri: str) -> ModelWriter:
    definition = spool_pb2.RunDefinition(
        run_id=model_id,
        tracking_uri=uri,
        attempt_start_ms=now_ms(),
        source=_sources.source(),
        owned=False,
    )
    return cast("ModelWriter", open_writer(definition, ModelWriter))


def _remember(model: LoggedModel) -> LoggedModel:
    this_process().models[model.model_id] = model
    return model


def _final(status: LoggedModelStatus | str) -> LoggedModelStatus:
    try:
        wanted = LoggedModelStatus(status)
    except ValueError:
        wanted = LoggedModelStatus.UNSPECIFIED
    if not LoggedModelStatus.is_finalized(wanted):
        raise MlflowException.invalid_parameter_value(
            f"Invalid model status: {status!s}. Expected statuses are READY and FAILED."
        )
    return wanted
