"""Runstream: experiment tracking for training at scale.

    import runstream

    with runstream.start_run():
        runstream.log_param("learning_rate", 0.01)
        for step in range(100):
            runstream.log_metric("loss", 1 / (step + 1), step=step)

Logging writes to a spool on this machine and returns; an agent sends it. What
reads, like `search_runs`, sees everything that was logged here before.
"""

from typing import TYPE_CHECKING

from runstream._lazy import lazy_names

__getattr__, __dir__ = lazy_names(__name__)

if TYPE_CHECKING:
    from runstream import artifacts, compat, data, entities, exceptions, tracking
    from runstream._active_model import ActiveModel
    from runstream._active_run import ActiveRun
    from runstream._fluent.artifacts import (
        get_artifact_uri,
        log_artifact,
        log_artifacts,
        log_dict,
        log_stream,
        log_text,
    )
    from runstream._fluent.experiments import (
        create_experiment,
        delete_experiment,
        delete_experiment_tag,
        get_experiment,
        get_experiment_by_name,
        restore_experiment,
        search_experiments,
        set_experiment,
        set_experiment_tag,
        set_experiment_tags,
    )
    from runstream._fluent.former import list_experiments, list_run_infos
    from runstream._fluent.inputs import log_input, log_inputs, log_outputs
    from runstream._fluent.media import load_table, log_figure, log_image, log_table
    from runstream._fluent.metrics import log_metric, log_metrics
    from runstream._fluent.models import (
        clear_active_model,
        create_external_model,
        delete_logged_model_tag,
        finalize_logged_model,
        get_active_model_id,
        get_logged_model,
        initialize_logged_model,
        last_logged_model,
        log_model_params,
        search_logged_models,
        set_active_model,
        set_logged_model_tags,
    )
    from runstream._fluent.params_tags import delete_tag, log_param, log_params, set_tag, set_tags
    from runstream._fluent.runs import (
        active_run,
        delete_run,
        end_run,
        get_parent_run,
        get_run,
        last_active_run,
        restore_run,
        start_run,
    )
    from runstream._fluent.search import search_runs
    from runstream._flush import flush, flush_artifact_async_logging, flush_async_logging
    from runstream._images import Image
    from runstream._tracking_uri import get_tracking_uri, is_tracking_uri_set, set_tracking_uri
    from runstream._version import __version__
    from runstream.entities import Experiment, Run
    from runstream.exceptions import MlflowException
    from runstream.tracking.client import MlflowClient

__all__ = [
    "ActiveModel",
    "ActiveRun",
    "Experiment",
    "Image",
    "MlflowClient",
    "MlflowException",
    "Run",
    "__version__",
    "active_run",
    "artifacts",
    "clear_active_model",
    "compat",
    "create_experiment",
    "create_external_model",
    "data",
    "delete_experiment",
    "delete_experiment_tag",
    "delete_logged_model_tag",
    "delete_run",
    "delete_tag",
    "end_run",
    "entities",
    "exceptions",
    "finalize_logged_model",
    "flush",
    "flush_artifact_async_logging",
    "flush_async_logging",
    "get_active_model_id",
    "get_artifact_uri",
    "get_experiment",
    "get_experiment_by_name",
    "get_logged_model",
    "get_parent_run",
    "get_run",
    "get_tracking_uri",
    "initialize_logged_model",
    "is_tracking_uri_set",
    "last_active_run",
    "last_logged_model",
    "list_experiments",
    "list_run_infos",
    "load_table",
    "log_artifact",
    "log_artifacts",
    "log_dict",
    "log_figure",
    "log_image",
    "log_input",
    "log_inputs",
    "log_metric",
    "log_metrics",
    "log_model_params",
    "log_outputs",
    "log_param",
    "log_params",
    "log_stream",
    "log_table",
    "log_text",
    "restore_experiment",
    "restore_run",
    "search_experiments",
    "search_logged_models",
    "search_runs",
    "set_active_model",
    "set_experiment",
    "set_experiment_tag",
    "set_experiment_tags",
    "set_logged_model_tags",
    "set_tag",
    "set_tags",
    "set_tracking_uri",
    "start_run",
    "tracking",
]
