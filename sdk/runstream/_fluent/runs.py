"""Starting, ending and finding runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from runstream import _server, _sources, _stack
from runstream import error_codes as codes
from runstream._active_run import OTHER_RANKS_ATTEMPT_MS, ActiveRun, end
from runstream._experiment_choice import ExperimentChoice, chosen
from runstream._process import this_process
from runstream._runs import NewRun, create_run, known_run, resume_run, set_deleted
from runstream._stack import OpenRun
from runstream._system_tags import NOTE, PARENT_RUN_ID, RUN_NAME, USER, system_tags
from runstream._tracking_uri import get_tracking_uri
from runstream._validation import check_experiment_id, check_own_run_id, check_run_id, check_source
from runstream._writer import RunWriter, checked_tags
from runstream.entities import Run, RunStatus
from runstream.exceptions import MlflowException

_RUN_ID_VARIABLES = ("RUNSTREAM_RUN_ID", "MLFLOW_RUN_ID")


def start_run(  # noqa: PLR0913, PLR0917 (MLflow's signature)
    run_id: str | None = None,
    experiment_id: str | int | None = None,
    run_name: str | None = None,
    nested: bool = False,
    parent_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    description: str | None = None,
    log_system_metrics: bool | None = None,
    *,
    source: str | None = None,
    shared: bool = False,
) -> ActiveRun:
    """Start a run, or resume one, and make it the active run of this thread or task.

    run_id: resume this run (also by RUNSTREAM_RUN_ID, which is removed once used).
    experiment_id: not given, the experiment of `set_experiment` or the environment.
    run_name: not given, a random one.
    nested: allow it while a run is active, which becomes its parent.
    parent_run_id: the parent, where no run is active.
    tags, description: logged to the run; the description is the tag `mlflow.note.content`.
    source: which process of the run this is, as "k=v[,k=v]"; not given, from the launcher.
    shared: one run for all processes of the job, which need not speak to each other.

    A new run needs no server. Raises a plain Exception while a run is active
    (without `nested`), and MlflowException for what cannot be resumed.
    """
    _refuse_system_metrics(log_system_metrics)
    active = _stack.active_runs()
    if active and not nested:
        raise Exception(
            f"Run with UUID {active[-1].run.info.run_id} is already active. To start a new run, "
            "first end the current run with runstream.end_run(). To start a nested run, call "
            "start_run with nested=True"
        )
    uri = get_tracking_uri()
    source = _sources.source() if source is None else check_source(source)
    extra = checked_tags(_extra_tags(tags, description))
    resumed = run_id or _launcher_run_id()
    if shared:
        writer, run = _start_shared(uri, resumed, experiment_id, run_name, extra, source)
    elif resumed:
        _check_not_active(resumed)
        writer, run = _resume(uri, resumed, run_name, extra, source)
    else:
        parent = _parent(active, parent_run_id, nested, uri)
        all_tags = _new_run_tags(extra, parent)
        new = _new_run(uri, experiment_id, run_name, all_tags, source)
        writer, run = create_run(replace(new, world_size=_sources.world_size()))
    _forget_launcher_run_id(used=bool(resumed) and not run_id)
    return _activate(writer, run)


def end_run(status: str = "FINISHED") -> None:
    """End the innermost active run. Without one, nothing happens.

    status: a name of RunStatus.
    """
    RunStatus.from_string(status)
    active = _stack.active_runs()
    if active:
        end(active[-1], status)


def active_run() -> ActiveRun | None:
    """The innermost run of this thread or task; its data is not refreshed."""
    active = _stack.active_runs()
    return active[-1].run if active else None


def last_active_run() -> Run | None:
    """The run that this process activated last, as the server has it now."""
    process = this_process()
    if process.last_run_id is None:
        return None
    return _server.get_run(process.last_run_uri, process.last_run_id)


def get_run(run_id: str) -> Run:
    """A run, deleted or not. Raises RESOURCE_DOES_NOT_EXIST."""
    return _server.get_run(get_tracking_uri(), check_run_id(run_id))


def get_parent_run(run_id: str) -> Run | None:
    """The parent of a nested run; None when it has none."""
    parent = get_run(run_id).data.tags.get(PARENT_RUN_ID)
    return None if parent is None else get_run(parent)


def delete_run(run_id: str) -> None:
    """Mark a run as deleted; one that is deleted already stays so."""
    set_deleted(get_tracking_uri(), run_id, True)


def restore_run(run_id: str) -> None:
    """Undo `delete_run`."""
    set_deleted(get_tracking_uri(), run_id, False)


def _refuse_system_metrics(log_system_metrics: bool | None) -> None:
    if log_system_metrics:
        raise MlflowException(
            "start_run(log_system_metrics=True) is not implemented: "
            "CPU, memory and GPU are not recorded by this version.",
            codes.NOT_IMPLEMENTED,
        )


def _extra_tags(tags: Mapping[str, Any] | None, description: str | None) -> dict[str, Any]:
    extra = dict(tags or {})
    if description is not None:
        if NOTE in extra:
            raise MlflowException.invalid_parameter_value(
                f"Description is already set via the tag {NOTE} in tags. Remove the key {NOTE} "
                "from the tags or omit the description."
            )
        extra[NOTE] = description
    return extra


def _launcher_run_id() -> str:
    for name in _RUN_ID_VARIABLES:
        if os.environ.get(name):
            return os.environ[name]
    return ""


def _forget_launcher_run_id(*, used: bool) -> None:
    if used:
        for name in _RUN_ID_VARIABLES:
            os.environ.pop(name, None)


def _check_not_active(run_id: str) -> None:
    if any(entry.run.info.run_id == run_id for entry in _stack.active_runs()):
        raise Exception(f"Run with UUID {run_id} is already active.")


def _resume(
    uri: str, run_id: str, run_name: str | None, tags: Mapping[str, Any], source: str
) -> tuple[RunWriter, Run]:
    writer, run = resume_run(run_id, uri, source)
    if run_name:
        writer.update(run_name=run_name)
    if tags:
        writer.set_tags(tags)
    return writer, run


def _start_shared(
    uri: str,
    launcher_id: str,
    experiment_id: str | int | None,
    run_name: str | None,
    tags: Mapping[str, Any],
    source: str,
) -> tuple[RunWriter, Run]:
    process = this_process()
    run_id = launcher_id or _sources.shared_run_id(process.shared_starts)
    process.shared_starts += 1
    new = _new_run(uri, experiment_id, run_name, _new_run_tags(tags, ""), source)
    first_rank = not _sources.rank()
    writer, run = create_run(
        replace(
            new,
            run_id=check_own_run_id(run_id),
            world_size=_sources.world_size(),
            attempt_start_ms=None if first_rank else OTHER_RANKS_ATTEMPT_MS,
        )
    )
    if first_rank:
        writer.update(status="RUNNING")  # where a requeued job resumes it
    return writer, run


def _new_run(
    uri: str,
    experiment_id: str | int | None,
    run_name: str | None,
    tags: Mapping[str, Any],
    source: str,
) -> NewRun:
    return NewRun(
        tracking_uri=uri,
        experiment=_experiment(uri, experiment_id),
        tags=tags,
        user_id=str(tags.get(USER, "unknown")),
        run_name=run_name or tags.get(RUN_NAME),
        source=source,
    )


def _experiment(uri: str, experiment_id: str | int | None) -> ExperimentChoice:
    choice = chosen(uri)
    if experiment_id is None:
        return choice
    text = check_experiment_id(experiment_id)
    return choice if text == choice.experiment_id else ExperimentChoice(text)


def _new_run_tags(extra: Mapping[str, Any], parent: str) -> dict[str, Any]:
    tags = {**system_tags(), **extra}
    if parent:
        tags[PARENT_RUN_ID] = parent
    return tags


def _parent(active: tuple[OpenRun, ...], parent_run_id: str | None, nested: bool, uri: str) -> str:
    innermost = active[-1].run.info.run_id if active else ""
    if parent_run_id is None:
        inherited = this_process().inherited
        return innermost or (inherited.run_id if nested and inherited else "")
    if innermost and innermost != parent_run_id:
        raise MlflowException.invalid_parameter_value(
            f"Current run with UUID {innermost} does not match the specified parent_run_id "
            f"{parent_run_id}. To start a run under it, first end the current run."
        )
    if parent_run_id != innermost and parent_run_id not in this_process().params:
        known_run(check_own_run_id(parent_run_id), uri, "it becomes a parent")
    return parent_run_id


def _activate(writer: RunWriter, run: Run) -> ActiveRun:
    process = writer.process
    active = ActiveRun(run)
    _stack.push(OpenRun(process, writer, active, in_task=_stack.in_task()))
    process.last_run_id, process.last_run_uri = run.info.run_id, writer.tracking_uri
    return active
