"""Which module of MLflow is which of ours, and which are none of tracking's."""

from __future__ import annotations

_COMPAT = "runstream._compat"
_ENTITIES = (
    "dataset", "dataset_input", "experiment", "experiment_tag", "file_info", "input_tag",
    "lifecycle_stage", "logged_model", "logged_model_input", "logged_model_output",
    "logged_model_parameter", "logged_model_status", "logged_model_tag", "metric", "param", "run",
    "run_data", "run_info", "run_inputs", "run_outputs", "run_status", "run_tag", "source_type",
    "view_type",
)  # fmt: skip

# Module below `mlflow` → the module that has its names; "": it only has modules.
MODULES: dict[str, str] = {
    "client": "runstream.tracking.client",
    **{f"entities.{name}": "runstream.entities" for name in _ENTITIES},
    "protos": "",
    "protos.databricks_pb2": f"{_COMPAT}.error_codes",
    "store": "",
    "store.entities": "runstream.entities",
    "store.entities.paged_list": "runstream.entities",
    "store.tracking": f"{_COMPAT}.store_tracking",
    "tracking.client": "runstream.tracking.client",
    "tracking.context": "",
    "tracking.context.registry": f"{_COMPAT}.registry",
    "tracking.fluent": "runstream",
    "utils": "",
    "utils.async_logging": "",
    "utils.async_logging.run_operations": "runstream._flush",
    "utils.mlflow_tags": f"{_COMPAT}.mlflow_tags",
    "utils.validation": f"{_COMPAT}.validation",
    "version": f"{_COMPAT}.version",
}

# Importing them is no error: scripts do so and never use them. Their names are.
OUT_OF_SCOPE = frozenset({
    "ag2", "agent", "agno", "anthropic", "autogen", "bedrock", "catboost", "config", "crewai",
    "deployments", "diffusers", "dspy", "environment_variables", "evaluation", "gateway",
    "gemini", "genai", "groq", "h2o", "haystack", "johnsnowlabs", "keras", "langchain", "lightgbm",
    "litellm", "llama_index", "mcp", "metrics", "mistral", "models", "onnx", "openai", "optuna",
    "otel", "paddle", "pmdarima", "projects", "prompt", "prophet", "pydantic_ai", "pyfunc",
    "pyspark", "pytorch", "sagemaker", "semantic_kernel", "sentence_transformers", "server",
    "shap", "sklearn", "smolagents", "spacy", "spark", "statsmodels", "strands", "system_metrics",
    "tensorflow", "tracing", "transformers", "types", "webhooks", "xgboost",
})  # fmt: skip
