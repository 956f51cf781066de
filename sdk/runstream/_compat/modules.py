"""The modules below `mlflow`, made when they are first asked for.

A module here has the names of one of Runstream's; what it has not is an error
that names it. Where Runstream has a public module of the same name, it is that one.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from runstream._compat.table import MODULES, OUT_OF_SCOPE
from runstream._compat.version import VERSION as MLFLOW_VERSION
from runstream._lazy import MODULES as OWN_MODULES

__all__ = ["MLFLOW_VERSION", "names_of"]

_ROOT = "mlflow"


def names_of(module: str) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """`__getattr__` and `__dir__` of `mlflow` or a module below it."""
    if module == _ROOT and not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())

    def look_up(name: str) -> Any:
        if name == "__all__":
            return names()
        if name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        if _known(f"{module}.{name}"):
            return importlib.import_module(f"{module}.{name}")
        place = _place(module)
        target = importlib.import_module(place) if place else None
        if not hasattr(target, name) or isinstance(getattr(target, name), ModuleType):
            raise AttributeError(_out_of_scope(f"{module}.{name}"))
        found = getattr(target, name)
        setattr(sys.modules[module], name, found)
        return found

    def names() -> list[str]:
        place = _place(module)
        own = dir(importlib.import_module(place)) if place else []
        return sorted({name for name in own if not name.startswith("_") and name != "compat"})

    return look_up, names


def _place(module: str) -> str:
    """The module of Runstream that has the names of one below `mlflow`."""
    below = module.removeprefix(f"{_ROOT}.")
    if module == _ROOT:
        return "runstream"
    if below in MODULES:
        return MODULES[below]
    return f"runstream.{below}" if _is_own(below) else ""


def _known(module: str) -> bool:
    below = module.removeprefix(f"{_ROOT}.")
    return below in MODULES or below in OUT_OF_SCOPE or _is_own(below)


def _is_own(below: str) -> bool:
    """Whether Runstream has a public module of that name."""
    parts = below.split(".")
    if parts[0] not in OWN_MODULES or parts[0] == "compat":
        return False
    if any(part.startswith("_") for part in parts):
        return False
    try:
        return importlib.util.find_spec(f"runstream.{below}") is not None
    except ModuleNotFoundError:  # below something that is no package
        return False


class _Finder:
    """Finds the modules below `mlflow`."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if not fullname.startswith(f"{_ROOT}."):
            return None
        if not _known(fullname):
            # Not `name=fullname`: `from mlflow import x` would hide the message.
            raise ModuleNotFoundError(_out_of_scope(fullname))
        return ModuleSpec(fullname, _Loader(), is_package=True)


class _Loader(Loader):
    """Fills a module with the names of ours."""

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        module.__doc__ = "A module of MLflow, as Runstream has it."
        look_up, names = names_of(module.__name__)
        vars(module).update(__getattr__=look_up, __dir__=names)


def _out_of_scope(name: str) -> str:
    return (
        f"{name} is not there: `mlflow` is Runstream here, which has the tracking of MLflow "
        f"{MLFLOW_VERSION} (docs/mlflow-compatibility.md lists it). Models in MLflow's flavors, "
        "the model registry, tracing and evaluation are not part of it."
    )
