"""Logged models: making, finding and changing them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from runstream import _models, _server
from runstream._active_model import ActiveModel
from runstream._experiment_choice import ExperimentChoice, chosen
from runstream._exports import export
from runstream._fluent.runs import active_run
from runstream._model_search import search_request
from runstream._notices import warn
from runstream._process import this_process
from runstream._run_table import pandas
from runstream._stack import active_model_id, set_active_model_id
from runstream._system_tags import system_tags
from runstream._tracking_uri import get_tracking_uri
from runstream._validation import check_experiment_id, check_model_id
from runstream.entities import LoggedModel, LoggedModelStatus
from runstream.exceptions import MlflowException

if TYPE_CHECKING:
    import pandas as pd

_EXTERNAL = "mlflow.model.isExternal"
_PAGE = 1000


def initialize_logged_model(
    name: str | None = None,
    source_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    experiment_id: str | None = None,
) -> LoggedModel:
    """Make a logged model, PENDING until `finalize_logged_model`. Needs no server.

    name: need not be unique; none of / : . % " '. Not given, a random one.
    source_run_id, experiment_id: not given, those of the active run.
    model_type: any text, to search by.
    """
    model = _created(name, source_run_id, tags, params, model_type, experiment_id)
    this_process().last_model_id = model.model_id
    return model


def create_external_model(
    name: str | None = None,
    source_run_id: str | None = None,
    tags: Mapping[str, Any] | None = None,
    params: Mapping[str, Any] | None = None,
    model_type: str | None = None,
    experiment_id: str | None = None,
) -> LoggedModel:
    """Make a logged model, READY, whose artifacts are kept elsewhere. Needs no server.

    It has the tag `mlflow.model.isExternal`. The rest is as in `initialize_logged_model`.
    """
    external = {**(tags or {}), _EXTERNAL: "true"}
    model = _created(name, source_run_id, external, params, model_type, experiment_id)
    this_process().last_model_id = model.model_id
    return finalize_logged_model(model.model_id, LoggedModelStatus.READY)


def _created(
    name: str | None,
    source_run_id: str | None,
    tags: Mapping[str, Any] | None,
    params: Mapping[str, Any] | None,
    model_type: str | None,
    experiment_id: str | None,
) -> LoggedModel:
    run = active_run()
    uri = get_tracking_uri()
    if source_run_id is None and run is not None:
        source_run_id = run.info.run_id
    if experiment_id is None and run is not None:
        experiment_id = run.info.experiment_id
    new = _models.NewModel(
        tracking_uri=uri,
        experiment=_experiment(uri, experiment_id),
        name=name,
        source_run_id=source_run_id,
        tags={**system_tags(), **(tags or {})},
        params=params,
        model_type=model_type,
    )
    return _models.create_model(new)


def _experiment(uri: str, experiment_id: str | None) -> ExperimentChoice:
    choice = chosen(uri)
    if experiment_id is None:
        return choice
    text = check_experiment_id(experiment_id)
    return choice if text == choice.experiment_id else ExperimentChoice(text)


def finalize_logged_model(model_id: str, status: LoggedModelStatus | str) -> LoggedModel:
    """Make a model "READY" or "FAILED"."""
    return _models.finalize_model(get_tracking_uri(), model_id, status)


def get_logged_model(model_id: str) -> LoggedModel:
    """A model that is not deleted. Raises RESOURCE_DOES_NOT_EXIST."""
    return _server.get_logged_model(get_tracking_uri(), check_model_id(model_id))


def last_logged_model() -> LoggedModel | None:
    """The model that this process made last, as the server has it now."""
    model_id = this_process().last_model_id
    return None if model_id is None else get_logged_model(model_id)


def search_logged_models(
    experiment_ids: Sequence[str] | None = None,
    filter_string: str | None = None,
    datasets: Sequence[Mapping[str, str]] | None = None,
    max_results: int | None = None,
    order_by: Sequence[Mapping[str, Any]] | None = None,
    output_format: str = "pandas",
) -> pd.DataFrame | list[LoggedModel]:
    """Models that match, in order; the newest first where no order is given.

    experiment_ids: not given, the active experiment.
    filter_string: for example "metrics.accuracy > 0.9 AND params.kind = 'tree'".
    datasets: `{"dataset_name": …, "dataset_digest": …}`: metrics are compared on these only.
    order_by: `{"field_name": "metrics.accuracy", "ascending": False, "dataset_name": …}`.
    output_format: "pandas" for a DataFrame, "list" for LoggedModel entities.
    """
    if output_format not in {"pandas", "list"}:
        raise MlflowException.invalid_parameter_value(
            f"Unsupported output format: {output_format!r}. Supported string values are 'pandas' "
            "or 'list'"
        )
    if output_format == "pandas":
        pandas("search_logged_models")
    uri = get_tracking_uri()
    where = list(experiment_ids or [chosen(uri).experiment_id])
    models: list[LoggedModel] = []
    token: str | None = None
    while max_results is None or len(models) < max_results:
        size = _PAGE if max_results is None else min(_PAGE, max_results - len(models))
        request = search_request(where, filter_string, datasets, size, order_by, token)
        page = _server.search_logged_models(uri, request)
        models += page
        token = page.token
        if token is None:
            break
    return models if output_format == "list" else _table(models)


def _table(models: Sequence[LoggedModel]) -> pd.DataFrame:
    rows = [{**model.to_dictionary(), "status": model.status} for model in models]
    table: pd.DataFrame = pandas().DataFrame(rows)
    return table


def log_model_params(params: Mapping[str, Any], model_id: str | None = None) -> None:
    """Log params of a model (not given, of the active one). A param keeps its first value."""
    wanted = model_id or get_active_model_id()
    if not wanted:
        raise MlflowException.invalid_parameter_value(
            "`model_id` must be given where no model is active: see set_active_model."
        )
    _models.log_params(get_tracking_uri(), wanted, params)


def set_logged_model_tags(model_id: str, tags: Mapping[str, Any]) -> None:
    """Set tags of a model."""
    _models.set_tags(get_tracking_uri(), model_id, tags)


def delete_logged_model_tag(model_id: str, key: str) -> None:
    """Delete a tag of a model; one that is not there is no error."""
    _models.delete_tag(get_tracking_uri(), model_id, key)


def set_active_model(*, name: str | None = None, model_id: str | None = None) -> ActiveModel:
    """Make a model active in this thread: what `log_metric` logs belongs to it.

    name: of a model of the active experiment, the newest of several; made as an
        external one when there is none.
    model_id: raises RESOURCE_DOES_NOT_EXIST when there is none.

    As a context manager it gives way at the end of the block to what was active
    before.
    """
    if name is None and model_id is None:
        raise MlflowException.invalid_parameter_value("Either name or model_id must be provided")
    if model_id is not None:
        model = this_process().models.get(model_id) or get_logged_model(model_id)
        if name is not None and model.name != name:
            raise MlflowException.invalid_parameter_value(
                f"LoggedModel with model_id {model_id!r} has name {model.name!r}, which does not "
                f"match the provided name {name!r}."
            )
        return ActiveModel(model)
    return ActiveModel(_named(str(name)))


def _named(name: str) -> LoggedModel:
    quote = '"' if "'" in name else "'"
    found = search_logged_models(
        filter_string=f"name = {quote}{name}{quote}", max_results=2, output_format="list"
    )
    if len(found) > 1:
        warn(f"There are several models called {name!r}; the newest one becomes active.")
    models: Sequence[LoggedModel] = list(found)  # type: ignore[arg-type]
    return models[0] if models else create_external_model(name=name)


def get_active_model_id() -> str | None:
    """The active model of this thread, else that of RUNSTREAM_ACTIVE_MODEL_ID."""
    return active_model_id() or None


def clear_active_model() -> None:
    """No model is active any more in this thread, nor by the environment."""
    for name in ("RUNSTREAM_ACTIVE_MODEL_ID", "MLFLOW_ACTIVE_MODEL_ID"):
        export(name, None)
    set_active_model_id("")
