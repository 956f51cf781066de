"""Runstream for libraries that `import mlflow`."""

from __future__ import annotations

import sys
from pathlib import Path

from runstream.error_codes import INVALID_STATE
from runstream.exceptions import MlflowException

__all__ = ["FOLDER", "install"]

FOLDER = str(Path(__file__).with_name("_compat") / "path")
"""Whatever has it first on its module search path imports Runstream as `mlflow`."""


def install() -> None:
    """From now on `import mlflow` in this process is Runstream, for tracking.

    Also in child processes that `multiprocessing` spawns. Loggers of other
    libraries then work as they are; what is not tracking is an error that says
    so. Call it before anything imports mlflow: INVALID_STATE where MLflow itself
    is loaded already. Calling it again changes nothing.
    """
    loaded = sys.modules.get("mlflow")
    if loaded is not None and not str(getattr(loaded, "__file__", "")).startswith(FOLDER):
        raise MlflowException(
            "runstream.compat.install() came too late: mlflow is imported already, from "
            f"{getattr(loaded, '__file__', None)}. Call it before what imports mlflow.",
            INVALID_STATE,
        )
    if FOLDER in sys.path:
        sys.path.remove(FOLDER)
    sys.path.insert(0, FOLDER)
