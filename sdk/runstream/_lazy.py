"""Public names: what logs is imported with the package, the rest at its first use."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from typing import Any

_FLUENT = {
    "runs": (
        "start_run", "end_run", "active_run", "last_active_run", "get_run", "get_parent_run",
        "delete_run", "restore_run",
    ),
    "metrics": ("log_metric", "log_metrics"),
    "inputs": ("log_input", "log_inputs", "log_outputs"),
    "models": (
        "initialize_logged_model", "create_external_model", "finalize_logged_model",
        "get_logged_model", "last_logged_model", "search_logged_models", "log_model_params",
        "set_logged_model_tags", "delete_logged_model_tag", "set_active_model",
        "get_active_model_id", "clear_active_model",
    ),
    "params_tags": ("log_param", "log_params", "set_tag", "set_tags", "delete_tag"),
    "artifacts": (
        "log_artifact", "log_artifacts", "log_text", "log_dict", "log_stream", "get_artifact_uri",
    ),
    "media": ("log_image", "log_figure", "log_table", "load_table"),
    "former": ("list_experiments", "list_run_infos"),
    "search": ("search_runs",),
    "experiments": (
        "set_experiment", "create_experiment", "get_experiment", "get_experiment_by_name",
        "search_experiments", "delete_experiment", "restore_experiment", "set_experiment_tag",
        "set_experiment_tags", "delete_experiment_tag",
    ),
}  # fmt: skip

_WRITING = (
    "_fluent.runs", "_fluent.metrics", "_fluent.params_tags", "_exit",
    "agent.start",
)  # fmt: skip

# Name → module it lives in.
PLACES: dict[str, str] = {
    **{name: f"runstream._fluent.{part}" for part, names in _FLUENT.items() for name in names},
    **dict.fromkeys(
        ("set_tracking_uri", "get_tracking_uri", "is_tracking_uri_set"), "runstream._tracking_uri"
    ),
    "flush": "runstream._flush",
    "flush_async_logging": "runstream._flush",
    "ActiveModel": "runstream._active_model",
    "flush_artifact_async_logging": "runstream._flush",
    "Image": "runstream._images",
    "ActiveRun": "runstream._active_run",
    "MlflowClient": "runstream.tracking.client",
    "MlflowException": "runstream.exceptions",
    "Run": "runstream.entities",
    "Experiment": "runstream.entities",
    "__version__": "runstream._version",
}
MODULES = ("artifacts", "compat", "data", "entities", "exceptions", "tracking")


def lazy_names(package: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` for the package; a name stays once it was looked up.

    What logs is imported at once, see `_preload`.
    """

    def look_up(name: str) -> Any:
        if name in MODULES:
            return importlib.import_module(f"{package}.{name}")
        place = PLACES.get(name)
        if place is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        found = getattr(importlib.import_module(place), name)
        setattr(sys.modules[package], name, found)
        return found

    def names() -> list[str]:
        return sorted({*PLACES, *MODULES})

    _preload()
    return look_up, names


def _preload() -> None:
    """Import all that logs, so that the first run does not wait for it.

    Nor has a signal handler to import something while an import runs. Not in an
    agent, which needs other parts of this package.
    """
    looked_for = sys.argv[:1] == ["-m"]  # `python -m runstream.…`: it runs a module afresh
    if not looked_for and not os.environ.get("RUNSTREAM_AGENT"):
        for module in _WRITING:
            importlib.import_module(f"runstream.{module}")
