"""`import mlflow` as Runstream: what other libraries find there."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import runstream
from runstream import compat
from runstream._compat import mlflow_tags, store_tracking, validation
from runstream._compat.modules import MLFLOW_VERSION, _Finder
from runstream.exceptions import MlflowException
from tests.compat.libraries import IMPORTS

FACTS = json.loads((Path(__file__).parents[2] / "compat" / "mlflow_api.json").read_text())


@pytest.fixture
def mlflow() -> Iterator[Any]:
    """The module, as `install` makes it; everything as before afterwards."""
    path, finders = list(sys.path), list(sys.meta_path)
    compat.install()
    yield importlib.import_module("mlflow")
    sys.path[:], sys.meta_path[:] = path, finders
    for name in [name for name in sys.modules if name.partition(".")[0] == "mlflow"]:
        del sys.modules[name]


def test_it_is_runstream(mlflow: Any) -> None:
    assert mlflow.log_metric is runstream.log_metric
    assert mlflow.MlflowClient is mlflow.tracking.MlflowClient is runstream.MlflowClient
    assert mlflow.entities.Run is runstream.Run
    assert mlflow.exceptions.MlflowException is MlflowException
    assert mlflow.__version__ == MLFLOW_VERSION == FACTS["version"]
    assert set(dir(mlflow)) == set(runstream.__all__) - {"compat", "__version__"}
    assert set(mlflow.__all__) == set(dir(mlflow))


def test_the_distribution_is_found(mlflow: Any) -> None:
    assert importlib.metadata.version("mlflow") == MLFLOW_VERSION
    assert importlib.metadata.distribution("mlflow").metadata["Name"] == "mlflow"
    assert importlib.util.find_spec("mlflow") is not None


@pytest.mark.parametrize("name", IMPORTS)
def test_what_loggers_of_other_libraries_import(mlflow: Any, name: str) -> None:
    module, _, attribute = name.rpartition(":")
    found: Any = importlib.import_module(module) if module else importlib.import_module(name)
    assert not module or hasattr(found, attribute)
    # Without an import of its own, too.
    found = mlflow
    for part in name.replace(":", ".").split(".")[1:]:
        found = getattr(found, part)


def test_the_tags_of_the_process_are_resolved(mlflow: Any) -> None:
    tags = mlflow.tracking.context.registry.resolve_tags({"a": "b"})
    assert tags["a"] == "b"
    assert {"mlflow.user", "mlflow.source.name", "mlflow.source.type"} < set(tags)
    assert not hasattr(mlflow.tracking.context, "resolve_tags")


def test_error_codes(mlflow: Any) -> None:
    codes = mlflow.protos.databricks_pb2
    error = MlflowException("x", error_code=codes.RESOURCE_DOES_NOT_EXIST)
    assert error.error_code == codes.ErrorCode.Name(codes.RESOURCE_DOES_NOT_EXIST)
    assert codes.ErrorCode.Value(error.error_code) == codes.RESOURCE_DOES_NOT_EXIST


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("mlflow.pyfunc.log_model()", "mlflow.pyfunc.log_model"),
        ("mlflow.sklearn.autolog()", "mlflow.sklearn.autolog"),
        ("mlflow.register_model('x')", "mlflow.register_model"),
        ("import mlflow.pytorch; mlflow.pytorch.log_model", "mlflow.pytorch.log_model"),
        ("from mlflow import register_model", "mlflow.register_model"),
        ("from mlflow.sklearn import log_model", "mlflow.sklearn.log_model"),
        ("import mlflow.no_such_thing", "mlflow.no_such_thing"),
        ("mlflow.utils.rest_utils", "mlflow.utils.rest_utils"),
    ],
)
def test_what_is_out_of_scope_is_named(mlflow: Any, code: str, named: str) -> None:
    with pytest.raises((AttributeError, ImportError), match=f"{named} is not there: .*Runstream"):
        exec(code, {"mlflow": mlflow})
    assert not hasattr(mlflow, "trace")


def test_everything_by_star(mlflow: Any) -> None:
    names: dict[str, Any] = {}
    exec("from mlflow import *", names)
    assert names["log_metric"] is runstream.log_metric


def test_installing_again_changes_nothing(mlflow: Any) -> None:
    path = list(sys.path)
    compat.install()
    assert sys.path == path
    assert sum(isinstance(finder, _Finder) for finder in sys.meta_path) == 1


def test_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", ModuleType("mlflow"))
    with pytest.raises(MlflowException, match="too late") as caught:
        compat.install()
    assert caught.value.error_code == "INVALID_STATE"


def test_the_metadata_says_the_version() -> None:
    folder = Path(compat.FOLDER) / f"mlflow-{MLFLOW_VERSION}.dist-info"
    assert f"Version: {MLFLOW_VERSION}\n" in (folder / "METADATA").read_text()


def constants(module: ModuleType) -> dict[str, Any]:
    return {name: value for name, value in vars(module).items() if name.isupper()}


@pytest.mark.parametrize(
    ("ours", "part"),
    [(mlflow_tags, "mlflow.utils.mlflow_tags"), (validation, "mlflow.utils.validation"),
     (store_tracking, "mlflow.store.tracking")],
)  # fmt: skip
def test_constants_are_those_of_mlflow(ours: ModuleType, part: str) -> None:
    theirs = FACTS["constants"][part]
    assert constants(ours)
    assert constants(ours).items() <= theirs.items()
