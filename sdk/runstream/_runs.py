"""Runs as this process writes them: new ones, resumed ones, those of others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from runstream import _limits as limits
from runstream import _server, _sources, _system_tags
from runstream._access import announce
from runstream._agent_calls import is_away
from runstream._config import config
from runstream._experiment_choice import ExperimentChoice, required_id
from runstream._ids import new_run_id
from runstream._messages import events_pb2, spool_pb2
from runstream._notices import warn
from runstream._process import Process, this_process
from runstream._run_names import random_run_name
from runstream._validation import check_own_run_id
from runstream._writer import Created, RunWriter, checked_tags, now_ms
from runstream.entities import Run, RunData, RunInfo, RunTag
from runstream.exceptions import MlflowException


@dataclass(frozen=True)
class NewRun:
    """What a run is created with.

    tags: all of them, system tags included, as text or to be made text.
    owned: this process has to end it.
    attempt_start_ms: None: the start time.
    """

    tracking_uri: str
    experiment: ExperimentChoice
    tags: Mapping[str, Any]
    user_id: str
    run_name: str | None = None
    run_id: str = ""
    source: str = ""
    world_size: int = 0
    start_time_ms: int | None = None
    attempt_start_ms: int | None = None
    owned: bool = True


def create_run(new: NewRun) -> tuple[RunWriter, Run]:
    """Spool a new run. Needs no server."""
    run_id = new.run_id or new_run_id()
    start = now_ms() if new.start_time_ms is None else new.start_time_ms
    name = new.run_name or new.tags.get(_system_tags.RUN_NAME) or random_run_name(run_id)
    tags = checked_tags({**new.tags, _system_tags.RUN_NAME: name})
    name = tags[_system_tags.RUN_NAME]
    new = replace(new, user_id=new.user_id[: limits.USER_ID_LENGTH_CHARACTERS])
    writer = open_writer(
        spool_pb2.RunDefinition(
            run_id=run_id,
            tracking_uri=new.tracking_uri,
            attempt_start_ms=start if new.attempt_start_ms is None else new.attempt_start_ms,
            source=new.source,
            world_size=new.world_size,
            owned=new.owned,
        )
    )
    if not new.run_id:
        writer.process.made_runs.add((new.tracking_uri, run_id))
    writer.create(Created(new.experiment.id_to_send, new.experiment.name, start, new.user_id, name))
    writer.set_checked_tags(tags)
    run = _described(run_id, new, start, tags)
    writer.artifact_uri = run.info.artifact_uri or ""
    return writer, run


def _described(run_id: str, new: NewRun, start: int, tags: Mapping[str, str]) -> Run:
    location = new.experiment.artifact_location.rstrip("/")
    root = location or f"mlflow-artifacts:/{new.experiment.experiment_id}"
    info = RunInfo(
        run_id=run_id,
        experiment_id=new.experiment.experiment_id,
        user_id=new.user_id,
        status="RUNNING",
        start_time=start,
        end_time=None,
        lifecycle_stage="active",
        artifact_uri=f"{root}/{run_id}/artifacts",
        run_name=tags[_system_tags.RUN_NAME],
    )
    return Run(info, RunData(tags=[RunTag(key, value) for key, value in tags.items()]))


def open_writer(
    definition: spool_pb2.RunDefinition, kind: type[RunWriter] = RunWriter
) -> RunWriter:
    """A writer by a new definition; it takes the place of an older one of that run."""
    process = this_process()
    key = (definition.tracking_uri, definition.run_id)
    if not config().disabled:
        announce(process, definition.tracking_uri)  # before an agent may look for it
    with process.lock:
        earlier = process.writers.get(key)
        writer = kind(process, definition)
        if earlier is not None:
            earlier.close()
        process.writers[key] = writer
        process.destinations.add(definition.tracking_uri)
    return writer


def writer_of(run_id: str, uri: str) -> RunWriter:
    """A writer for any run by its id.

    A run that this process neither made nor inherited is looked up first:
    raises where the server says that it does not exist or is deleted.
    """
    process = this_process()
    run_id = check_own_run_id(run_id)
    found = process.writers.get((uri, run_id))
    if found is not None:
        return found
    inherited = process.inherited
    if inherited is not None and (inherited.tracking_uri, inherited.run_id) == (uri, run_id):
        return inherited_writer(process)
    known = None if run_id in process.params else known_run(run_id, uri, "it is logged to")
    writer = open_writer(_definition(run_id, uri, owned=False))
    _note_artifact_uri(writer, known)
    return writer


def inherited_writer(process: Process) -> RunWriter:
    """A writer for the run of the parent process, which ends it."""
    run = process.inherited
    if run is None:
        raise LookupError("nothing was inherited")
    found = process.writers.get((run.tracking_uri, run.run_id))
    if found is not None:
        return found
    return open_writer(
        spool_pb2.RunDefinition(
            run_id=run.run_id,
            tracking_uri=run.tracking_uri,
            attempt_start_ms=run.attempt_start_ms,
            source=run.source,
            world_size=_sources.world_size(),
        )
    )


def resume_run(run_id: str, uri: str, source: str) -> tuple[RunWriter, Run]:
    """A run that goes on: a new attempt at it. Raises where the server says it may not."""
    run_id = check_own_run_id(run_id)
    known = known_run(run_id, uri, "it is resumed")
    required = required_id(uri)
    if known is not None and required and known.info.experiment_id != required:
        raise MlflowException.invalid_parameter_value(
            f"Cannot start run with ID {run_id}: it belongs to experiment "
            f"{known.info.experiment_id}, and set_experiment chose {required}."
        )
    definition = _definition(run_id, uri, owned=True)
    definition.source = source
    writer = open_writer(definition)
    _note_artifact_uri(writer, known)
    writer.update(status="RUNNING")
    if known is None:
        known = _unseen(run_id)
    info = replace(known.info, status="RUNNING")
    return writer, Run(info, known.data, known.inputs, known.outputs)


def _note_artifact_uri(writer: RunWriter, known: Run | None) -> None:
    if known is not None:
        writer.artifact_uri = known.info.artifact_uri or ""


def known_run(run_id: str, uri: str, purpose: str) -> Run | None:
    """The run as the server knows it; None, with a warning, when the server is away.

    Raises RESOURCE_DOES_NOT_EXIST for an unknown, INVALID_PARAMETER_VALUE for a
    deleted one.
    """
    if not config().online:
        return None
    try:
        run = _server.get_run(uri, run_id, verdict_seconds(uri))
    except MlflowException as error:
        if not is_away(error):
            raise
        warn(f"Run {run_id} could not be looked up before {purpose}, so the log decides: {error}")
        return None
    if run.info.lifecycle_stage != "active":
        raise MlflowException.invalid_parameter_value(
            f"The run {run_id} must be in the 'active' state. Current state is deleted."
        )
    return run


def set_deleted(uri: str, run_id: str, deleted: bool) -> None:
    """Delete or restore a run. Raises RESOURCE_DOES_NOT_EXIST for an unknown one."""
    run_id = check_own_run_id(run_id)
    _server.get_run(uri, run_id)
    event = events_pb2.Event(time_ms=now_ms())
    if deleted:
        event.run_deleted.SetInParent()
    else:
        event.run_restored.SetInParent()
    _server.append_once(uri, run_id, event)


def verdict_seconds(uri: str) -> float:
    """How long to wait for a server that may be away.

    An embedded folder's server is started for the question, which takes
    seconds; it is not away.
    """
    settings = config()
    if uri.startswith("file:"):
        return settings.read_timeout_seconds
    return settings.connect_timeout_seconds


def _definition(run_id: str, uri: str, *, owned: bool) -> spool_pb2.RunDefinition:
    return spool_pb2.RunDefinition(
        run_id=run_id,
        tracking_uri=uri,
        attempt_start_ms=now_ms(),
        source=_sources.source(),
        world_size=_sources.world_size(),
        owned=owned,
    )


def _unseen(run_id: str) -> Run:
    info = RunInfo(
        run_id=run_id,
        experiment_id="",
        user_id=_system_tags.user(),
        status="RUNNING",
        start_time=None,
        end_time=None,
        lifecycle_stage="active",
    )
    return Run(info, RunData())
