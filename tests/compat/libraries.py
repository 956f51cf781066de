"""What the MLflow loggers of other libraries import: `module` or `module:name`."""

from __future__ import annotations

LIGHTNING = (
    # lightning.pytorch.loggers.mlflow (2.6)
    "mlflow:set_tracking_uri",
    "mlflow.tracking:MlflowClient",
    "mlflow.tracking:context",
    "mlflow.tracking.context:registry",
    "mlflow.tracking.context.registry:resolve_tags",
    "mlflow.utils.mlflow_tags:MLFLOW_RUN_NAME",
    "mlflow.utils.validation:MAX_PARAM_VAL_LENGTH",
    "mlflow.entities:Metric",
    "mlflow.entities:Param",
)
TRANSFORMERS = (
    # transformers.integrations.integration_utils (5.23)
    "mlflow.utils.validation:MAX_PARAM_VAL_LENGTH",
    "mlflow.utils.validation:MAX_PARAMS_TAGS_PER_BATCH",
    "mlflow:__version__",
    "mlflow:is_tracking_uri_set",
    "mlflow:set_tracking_uri",
    "mlflow:get_tracking_uri",
    "mlflow:active_run",
    "mlflow:set_experiment",
    "mlflow:start_run",
    "mlflow:log_params",
    "mlflow:log_metrics",
    "mlflow:set_tags",
    "mlflow:end_run",
    "mlflow:pyfunc",
)
OTHERS = (
    "mlflow.client:MlflowClient",
    "mlflow.entities.run_info:RunInfo",
    "mlflow.exceptions:MlflowException",
    "mlflow.protos.databricks_pb2:RESOURCE_DOES_NOT_EXIST",
    "mlflow.store.entities:PagedList",
    "mlflow.store.tracking:SEARCH_MAX_RESULTS_DEFAULT",
    "mlflow.tracking.fluent:start_run",
    "mlflow.utils.async_logging.run_operations:RunOperations",
    "mlflow.utils.mlflow_tags:MLFLOW_PARENT_RUN_ID",
    "mlflow.version:VERSION",
)
IMPORTS = tuple(dict.fromkeys((*LIGHTNING, *TRANSFORMERS, *OTHERS)))
