"""Experiments: choosing, making and finding them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from runstream import _experiments, _server
from runstream._agent_calls import is_away
from runstream._config import config
from runstream._experiment_choice import ExperimentChoice, by_name, choose, chosen
from runstream._notices import warn
from runstream._runs import verdict_seconds
from runstream._tracking_uri import get_tracking_uri
from runstream._validation import check_experiment_id, check_experiment_name, check_key
from runstream.entities import Experiment, ViewType
from runstream.exceptions import MlflowException

_ALL_PAGE = 1000


def set_experiment(
    experiment_name: str | None = None,
    experiment_id: str | int | None = None,
    trace_location: Any = None,
) -> Experiment:
    """Choose the experiment of new runs, here and in child processes started later.

    experiment_name: created when there is none.
    experiment_id: must exist.
    trace_location: not supported; only None.

    When the server does not answer in RUNSTREAM_CONNECT_TIMEOUT, the experiment
    is returned with an id made from its name; runs are logged under the name.
    Raises INVALID_PARAMETER_VALUE for a deleted experiment, and unless exactly
    one of name and id is given.
    """
    if (experiment_name is None) == (experiment_id is None):
        raise MlflowException.invalid_parameter_value(
            "Must specify exactly one of: `experiment_id` or `experiment_name`."
        )
    uri = get_tracking_uri()
    if experiment_name is not None:
        experiment, choice = _chosen_by_name(uri, check_experiment_name(experiment_name))
    else:
        experiment, choice = _chosen_by_id(uri, check_experiment_id(experiment_id))
    if experiment.lifecycle_stage != "active":
        raise MlflowException.invalid_parameter_value(
            f"Cannot set a deleted experiment {experiment.name!r} as the active experiment. "
            "Restore it, or choose another name."
        )
    choose(uri, choice, experiment.name)
    return experiment


def _chosen_by_name(uri: str, name: str) -> tuple[Experiment, ExperimentChoice]:
    try:
        found = _asked_by_name(uri, name)
    except MlflowException as error:
        if not is_away(error):
            raise
        warn(f"Experiment {name!r} could not be looked up; its runs go by its name: {error}")
        found = None
    if found is None:
        choice = by_name(name)
        location = f"mlflow-artifacts:/{choice.experiment_id}"
        return Experiment(choice.experiment_id, name, location), choice
    return found, ExperimentChoice(found.experiment_id, "", _own_location(found))


def _asked_by_name(uri: str, name: str) -> Experiment | None:
    if config().mode == "offline":
        return None
    return _server.ensure_experiment(uri, name, verdict_seconds(uri))


def _chosen_by_id(uri: str, experiment_id: str) -> tuple[Experiment, ExperimentChoice]:
    try:
        found = _server.get_experiment(uri, experiment_id, verdict_seconds(uri))
    except MlflowException as error:
        if not is_away(error):
            raise
        warn(f"Experiment {experiment_id} could not be looked up before it is used: {error}")
        return Experiment(experiment_id, ""), ExperimentChoice(experiment_id)
    return found, ExperimentChoice(experiment_id, "", _own_location(found))


def _own_location(experiment: Experiment) -> str:
    """Where its artifacts lie, when that is not the server's own place."""
    location = experiment.artifact_location
    return "" if location.startswith("mlflow-artifacts:") else location


def create_experiment(
    name: str,
    artifact_location: str | None = None,
    tags: Mapping[str, Any] | None = None,
    trace_location: Any = None,
) -> str:
    """Create an experiment and return its id.

    artifact_location: a `file:` folder that this machine writes to itself; not
        given, the server's own place.

    Raises RESOURCE_ALREADY_EXISTS for a taken name, also of a deleted experiment.
    """
    return _experiments.create(get_tracking_uri(), name, artifact_location, tags)


def get_experiment(experiment_id: str | int) -> Experiment:
    """An experiment, deleted or not. Raises RESOURCE_DOES_NOT_EXIST."""
    return _server.get_experiment(get_tracking_uri(), check_experiment_id(experiment_id))


def get_experiment_by_name(name: str) -> Experiment | None:
    """An experiment, deleted or not; None when there is none of that name."""
    return _server.get_experiment_by_name(get_tracking_uri(), check_experiment_name(name))


def search_experiments(
    view_type: int = ViewType.ACTIVE_ONLY,
    max_results: int | None = None,
    filter_string: str | None = None,
    order_by: Sequence[str] | None = None,
) -> list[Experiment]:
    """All experiments that match, or the first `max_results` of them."""
    uri, found, token = get_tracking_uri(), list[Experiment](), ""
    while max_results is None or len(found) < max_results:
        left = _ALL_PAGE if max_results is None else min(_ALL_PAGE, max_results - len(found))
        page = _experiments.search(uri, view_type, left, filter_string, order_by, token)
        found += page
        if page.token is None:
            break
        token = page.token
    return found


def delete_experiment(experiment_id: str | int) -> None:
    """Mark an experiment, and so its runs, as deleted."""
    _server.delete_experiment(get_tracking_uri(), check_experiment_id(experiment_id))


def restore_experiment(experiment_id: str | int) -> None:
    """Undo `delete_experiment`."""
    _server.restore_experiment(get_tracking_uri(), check_experiment_id(experiment_id))


def set_experiment_tag(key: str, value: Any) -> None:
    """Set a tag of the active experiment."""
    set_experiment_tags({check_key(key): value})


def set_experiment_tags(tags: Mapping[str, Any]) -> None:
    """Set tags of the active experiment."""
    uri = get_tracking_uri()
    _experiments.set_tags(uri, chosen(uri).experiment_id, tags)


def delete_experiment_tag(key: str) -> None:
    """Delete a tag of the active experiment."""
    uri = get_tracking_uri()
    _experiments.delete_tag(uri, chosen(uri).experiment_id, key)
