"""Datasets: what is logged of them. Values are MLflow 3.17's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import runstream
from runstream import data
from runstream.data.code_dataset_source import CodeDatasetSource
from runstream.data.http_dataset_source import HTTPDatasetSource
from runstream.entities import Dataset as DatasetEntity
from runstream.entities import DatasetInput
from runstream.exceptions import MlflowException

FRAME = pd.DataFrame({"a": [1, 2], "b": [1.5, float("nan")], "c": ["x", "y"]})


def test_a_table() -> None:
    dataset = data.from_pandas(FRAME, source="/tmp/x.csv", targets="a")
    assert dataset.to_dict() == {
        "name": "dataset",
        "digest": "4b7c4f8a",
        "source": '{"uri": "/tmp/x.csv"}',
        "source_type": "local",
        "schema": '{"mlflow_colspec": [{"type": "long", "name": "a", "required": true}, '
        '{"type": "double", "name": "b", "required": false}, '
        '{"type": "string", "name": "c", "required": true}]}',
        "profile": '{"num_rows": 2, "num_elements": 6}',
    }
    assert (dataset.targets, dataset.predictions, dataset.df is FRAME) == ("a", None, True)
    assert dataset.schema is not None
    assert dataset.schema.input_names() == ["a", "b", "c"]
    assert json.loads(dataset.to_json())["digest"] == "4b7c4f8a"


def test_arrays() -> None:
    dataset = data.from_numpy(np.arange(6.0).reshape(2, 3), targets=np.array([1, 0]), source="x")
    assert dataset.digest == "746163d8"
    entity = dataset._to_mlflow_entity()
    assert isinstance(entity, DatasetEntity)
    spec = json.loads(str(entity.schema))["mlflow_tensorspec"]
    assert json.loads(spec["features"]) == [
        {"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 3]}}
    ]
    assert json.loads(str(entity.profile))["features_shape"] == [2, 3]


@pytest.mark.parametrize("column", [[1, "x"], [np.array([]), np.array([])], [[1], ["x"]], [1j]])
def test_what_no_schema_can_describe(column: list[Any]) -> None:
    frame = pd.DataFrame({"c": pd.Series(column, dtype=object)})
    assert data.from_pandas(frame, source="x").schema is None


def test_polars_tables() -> None:
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(
        {"a": [1, 2], "s": ["x", None], "l": [[1.0], []], "o": [{"k": True}, {"k": None}]}
    )
    dataset = data.from_polars(frame, source="x.csv", name="p")
    assert dataset.digest == str(frame.hash_rows().sum())
    assert json.loads(dataset.to_dict()["schema"])["mlflow_colspec"] == [
        {"type": "long", "name": "a", "required": True},
        {"type": "string", "name": "s", "required": True},
        {"type": "array", "items": {"type": "double"}, "name": "l", "required": True},
        {
            "type": "object",
            "properties": {"k": {"type": "boolean", "required": True}},
            "name": "o",
            "required": True,
        },
    ]
    assert dataset.profile == {"num_rows": 2, "num_elements": 8}
    with pytest.raises(MlflowException, match="targets column: 'z'"):
        data.from_polars(frame, targets="z")


@pytest.mark.parametrize("source", ["x.csv", "http://h/x", "s3://b/k", None])
def test_a_source_comes_back_from_what_was_logged(source: str | None) -> None:
    dataset = data.from_pandas(FRAME, source=source)
    again = data.get_source(DatasetInput(dataset._to_mlflow_entity()))
    assert type(again) is type(dataset.source)
    assert again.to_dict() == dataset.source.to_dict()
    assert data.get_source(dataset) is dataset.source


def test_sources_that_are_not_known() -> None:
    for source in ("foo://x", "runs:/abc/x", 5):
        with pytest.raises(MlflowException, match="source information resolver"):
            data.from_pandas(FRAME, source=source)
    with pytest.raises(MlflowException, match="unrecognized source type"):
        data.get_source(DatasetEntity("n", "d", "lake", "{}"))
    with pytest.raises(MlflowException, match="Unrecognized dataset type"):
        data.get_source("x")  # type: ignore[arg-type]
    with pytest.raises(NotImplementedError):
        CodeDatasetSource({}).load()
    with pytest.raises(MlflowException, match='"url"'):
        HTTPDatasetSource.from_dict({})


def test_a_local_source_is_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a\n1\n")
    assert data.from_pandas(FRAME, source=str(path)).source.load() == str(path)


def test_names_are_looked_up() -> None:
    assert set(data.__all__) == set(dir(runstream.data))
    with pytest.raises(AttributeError, match="from_spark"):
        _ = data.from_spark
