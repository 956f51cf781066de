"""Datasets of many kinds, described by the library that is named: `described.py runstream`.

Prints one JSON object: case → what is logged, or the name of the error.
"""

from __future__ import annotations

import datetime
import decimal
import importlib
import json
import logging
import sys
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

SOURCES = (
    "http://h/a.csv", "https://h/a?q=1", "s3://b/k", "gs://x", "abfss://c@x/", "hdfs://x/y", "r2://b",
    "ftp://h/x", "wasbs://q@x.blob.core.windows.net/", "file:///a/b", "a/b.csv", "/a b", "foo://x",
    "runs:/abc/x", "models:/m-1",
)  # fmt: skip


def frames() -> dict[str, pd.DataFrame]:
    when = datetime.datetime(2020, 1, 1)
    columns: dict[str, dict[str, Any]] = {
        "plain": {"a": [1, 2], "b": [1.5, float("nan")], "c": ["x", "y"]},
        "sizes": {
            f"{kind}{size}": np.array([1], f"{kind}{size}") for kind in "iu" for size in "124"
        },
        "u8": {"a": np.array([1], "u8")},
        "floats": {f"f{size}": np.array([1], f"f{size}") for size in "248"},
        "others": {"b": [True], "t": pd.to_datetime(["2020-01-01"]), "by": [b"x"]},
        "zone": {"t": pd.to_datetime(["2020-01-01"], utc=True)},
        "span": {"t": pd.to_timedelta(["1D"])},
        "lists": {"l": [["a", "b"], ["c"]], "e": [[], [1]], "n": [None, None], "s": ["a", None]},
        "objects": {"d": [{"z": 1, "a": "q"}, {"a": "r", "n": None}]},
        "nested": {
            "d": [{"x": {"y": 1}}, {"x": {"y": 2, "w": None}}],
            "l": [[{"a": 1}, {"b": 2}], []],
        },
        "arrays": {"a": [np.array([1.0, 2.0]), np.array([3.0])]},
        "empty arrays": {"a": [np.array([]), np.array([])]},
        "times": {"d": [when.date(), None], "t": [when, None]},
        "decimals": {"d": [decimal.Decimal(1), decimal.Decimal(2)]},
        "mixed": {"m": [1, "x"]},
        "mixed lists": {"m": [[1], ["x"]]},
        "missing": {"b": [True, None], "i": [1, None]},
        "extension": {
            "I": pd.array([1, None], dtype="Int64"),
            "S": pd.array(["a", None], dtype="string"),
            "B": pd.array([True, None], dtype="boolean"),
            "C": pd.Categorical(["a", "b"]),
        },
        "no rows": {"a": [], "b": []},
        "complex": {"c": [1j]},
        "long": {"a": np.arange(20_000), "b": ["x"] * 20_000},
    }
    return {
        **{name: pd.DataFrame(data) for name, data in columns.items()},
        "numbered": pd.DataFrame(np.ones((2, 2))),
        "nothing": pd.DataFrame(),
        "twice": pd.DataFrame([[1, 2]], columns=["a", "a"]),
        "indexed": pd.DataFrame({"a": [1, 2]}, index=["x", "y"]),
    }


def arrays() -> dict[str, tuple[Any, Any]]:
    return {
        "table": (np.arange(6.0).reshape(2, 3), np.array([1, 0])),
        "named": (
            {"b": np.array(["x", "yy"]), "a": np.ones((2, 2), "f4")},
            {"t": np.array([b"x"])},
        ),
        "scalar": (np.array(3.0), None),
        "objects": (np.array([{"a": 1}, [2]], dtype=object), None),
        "no items": (np.array([]), None),
        "nothing": ({}, None),
        "long": (np.arange(30_000).reshape(3, -1), None),
        "times": (np.array(["2020-01-01"], dtype="datetime64[s]"), None),
    }


def cases(data: Any) -> dict[str, Callable[[], Any]]:
    found: dict[str, Callable[[], Any]] = {}
    for name, frame in frames().items():
        found[f"pandas {name}"] = partial(data.from_pandas, frame, source="/x.csv")
    for name, (features, targets) in arrays().items():
        found[f"numpy {name}"] = partial(data.from_numpy, features, "x", targets)
    for source in (*SOURCES, Path("/a/b")):
        found[f"source {source}"] = partial(data.from_numpy, np.array([1]), source=source)
    one = pd.DataFrame({"a": [1], "b": [2]})
    found["code"] = lambda: data.from_pandas(one)
    found["all said"] = lambda: data.from_pandas(one, "x", "a", "name", "digest", "b")
    found["no such target"] = lambda: data.from_pandas(one, "x", targets="z")
    found["no such prediction"] = lambda: data.from_pandas(one, "x", predictions="z")
    return found


def described(make: Callable[[], Any]) -> Any:
    try:
        entity = make()._to_mlflow_entity()
    except Exception as error:
        return type(error).__name__
    names = ("name", "digest", "source_type", "source", "schema", "profile")
    return {name: getattr(entity, name) for name in names}


def everything(library: str) -> dict[str, Any]:
    data = importlib.import_module(f"{library}.data")
    return {name: described(make) for name, make in cases(data).items()}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    print(json.dumps(everything(sys.argv[1])))
