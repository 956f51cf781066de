"""What of MLflow's interface Runstream means to have, and why some of it differs."""

from __future__ import annotations


def names(text: str) -> tuple[str, ...]:
    """Words."""
    return tuple(text.split())


# Part → the names in it that belong to tracking.
IN_SCOPE: dict[str, tuple[str, ...]] = {
    "mlflow": names("""
        active_run autolog clear_active_model create_experiment create_external_model
        delete_experiment delete_experiment_tag delete_logged_model_tag delete_run
        delete_tag disable_system_metrics_logging enable_system_metrics_logging end_run
        finalize_logged_model flush_artifact_async_logging flush_async_logging
        get_active_model_id get_artifact_uri get_experiment get_experiment_by_name
        get_logged_model get_parent_run get_run get_tracking_uri import_checkpoints
        initialize_logged_model is_tracking_uri_set last_active_run last_logged_model
        load_table log_artifact log_artifacts log_dict log_figure log_image log_input
        log_inputs log_metric log_metrics log_model_params log_outputs log_param
        log_params log_stream log_table log_text restore_experiment restore_run run
        search_experiments search_logged_models search_runs set_active_model
        set_experiment set_experiment_tag set_experiment_tags set_logged_model_tags
        set_system_metrics_node_id set_system_metrics_samples_before_logging
        set_system_metrics_sampling_interval set_tag set_tags set_tracking_uri start_run
    """),
    "MlflowClient": names("""
        create_experiment create_logged_model create_run delete_experiment
        delete_experiment_tag delete_logged_model delete_logged_model_tag delete_run
        delete_tag download_artifacts finalize_logged_model get_experiment
        get_experiment_by_name get_logged_model get_metric_history get_parent_run
        get_run list_artifacts list_logged_model_artifacts load_table log_artifact
        log_artifacts log_batch log_dict log_figure log_image log_inputs log_metric
        log_model_artifact log_model_artifacts log_model_params log_outputs log_param
        log_stream log_table log_text rename_experiment restore_experiment restore_run
        search_experiments search_logged_models search_runs set_experiment_tag
        set_logged_model_tags set_tag set_terminated update_run
    """),
    "mlflow.artifacts": names("""
        download_artifacts list_artifacts load_dict load_image load_text
    """),
    "mlflow.data": names("""
        from_numpy from_pandas from_polars get_source
    """),
}

ENTITIES = names("""
    Dataset DatasetInput Experiment ExperimentTag FileInfo InputTag LifecycleStage
    LoggedModel LoggedModelInput LoggedModelOutput LoggedModelParameter LoggedModelStatus
    LoggedModelTag Metric Param Run RunData RunInfo RunInputs RunOutputs RunStatus RunTag
    SourceType ViewType
""")

_SPOOLED = "Returns when it is in the spool; `synchronous=True` waits for the server."
_VERDICT = "Needs the server, as in MLflow."

# Part, name → what a caller should know.
NOTES: dict[tuple[str, str], str] = {
    **{
        (part, name): _SPOOLED
        for part in ("mlflow", "MlflowClient")
        for name in ("log_metric", "log_metrics", "log_param", "log_params", "set_tag", "set_tags",
                     "log_batch", "log_image")
    },
    **{
        (part, name): _VERDICT
        for part in ("mlflow", "MlflowClient")
        for name in ("create_experiment", "rename_experiment", "delete_experiment",
                     "restore_experiment", "delete_run", "restore_run")
    },
    ("mlflow", "start_run"): "A new run needs no server. `source` names a process of a run, "
    "`shared` is one run for all processes of a job.",
    ("mlflow", "log_metrics"): "Histories as columns: lists or arrays of values, steps and times. "
    + _SPOOLED,
    ("mlflow", "set_experiment"): "When the server is away it goes on, by the name.",
    ("mlflow", "end_run"): "Prints no address.",
    ("mlflow", "log_table"): "Reads nothing for a run that this process made.",
    ("MlflowClient", "log_table"): "Reads nothing for a run that this process made.",
    ("mlflow", "load_table"): "Values are as they were logged: text that looks like a number or "
    "a date stays text.",
    ("mlflow", "run"): "Projects are not run.",
    ("MlflowClient", "log_batch"): "Takes any number; cut into batches on the way. " + _SPOOLED,
    ("MlflowClient", "create_run"): "Needs no server.",
    ("mlflow.artifacts", "download_artifacts"): "`registry_uri` is not used.",
}  # fmt: skip

# Entity → why it has more or less.
ENTITY_NOTES = {
    "Metric": "`source`: the process of a shared run.",
    "Experiment": "There are no workspaces and traces.",
    "RunInfo": "`lost_since`: when a running run was heard of last. What searches know is in "
    "[Search](search.md).",
    "RunData": "`metric_list`: the latest points whole, with step and time.",
}
