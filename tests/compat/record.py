"""Record what MLflow's functions look like: names, parameters, defaults. Facts only.

Run it with a Python that has MLflow:

    PYTHON tests/compat/record.py > tests/compat/mlflow_api.json

`make test` reads the file and needs no MLflow.
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import sys
from typing import Any

_MODULES = ("mlflow", "mlflow.artifacts", "mlflow.data")
_CONSTANTS = ("mlflow.utils.mlflow_tags", "mlflow.utils.validation", "mlflow.store.tracking")
_PLAIN = (str, int, float, bool, type(None), tuple)


def parameters(function: Any) -> list[list[str]]:
    """Name, kind and default of each; a default that is no plain value is "…"."""
    found = []
    for name, parameter in inspect.signature(function).parameters.items():
        default = parameter.default
        if default is inspect.Parameter.empty:
            text = ""
        else:
            text = repr(default) if isinstance(default, _PLAIN) else "…"
        if name != "self":
            found.append([name, parameter.kind.name, text])
    return found


def functions(holder: Any) -> dict[str, list[list[str]]]:
    """The public functions of a module or class."""
    names = getattr(holder, "__all__", None) or dir(holder)
    found = {}
    for name in sorted(names):
        function = getattr(holder, name, None)
        public = inspect.isfunction(function) and not name.startswith("_")
        if public and function.__module__.startswith("mlflow"):
            found[name] = parameters(function)
    return found


def entity(kind: Any) -> dict[str, Any]:
    """How one is made, and its public attributes."""
    made = [] if kind.__init__ is object.__init__ else parameters(kind)
    return {"init": made, "attributes": sorted(n for n in dir(kind) if not n.startswith("_"))}


def constants(module: Any) -> dict[str, Any]:
    """Its texts and numbers."""
    values = {name: getattr(module, name) for name in sorted(dir(module)) if name.isupper()}
    return {name: value for name, value in values.items() if isinstance(value, str | int)}


def main() -> None:
    mlflow = importlib.import_module("mlflow")
    entities = importlib.import_module("mlflow.entities")
    parts = {name: functions(importlib.import_module(name)) for name in _MODULES}
    parts["MlflowClient"] = functions(mlflow.MlflowClient)
    kinds = {
        name: entity(getattr(entities, name))
        for name in sorted(entities.__all__)
        if inspect.isclass(getattr(entities, name)) and not name.startswith("_")
    }
    facts = {
        "version": mlflow.__version__,
        "functions": parts,
        "entities": kinds,
        "constants": {name: constants(importlib.import_module(name)) for name in _CONSTANTS},
    }
    sys.stdout.write(one_line_each(json.dumps(facts, indent=1, ensure_ascii=False)) + "\n")


def one_line_each(text: str) -> str:
    """JSON with an indent, lists on one line: a change of a function is a line of a diff."""
    return re.sub(r"\[[^{}]*?\n\s*\](?=,?\n\s*[\"}])", lambda m: re.sub(r"\n\s*", "", m[0]), text)


if __name__ == "__main__":
    main()
