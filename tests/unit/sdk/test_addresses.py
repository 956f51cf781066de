"""Tracking URIs: the canonical form, MLflow stores, refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

from runstream import _notices
from runstream._addresses import canonical_uri, file_location, folder_of, is_embedded
from runstream.exceptions import MlflowException


@pytest.fixture(autouse=True)
def _fresh_notices() -> None:
    _notices.forget()


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        ("http://localhost:5000", "http://localhost:5000"),
        ("HTTPS://host/prefix/", "https://host/prefix"),
        ("grpc://h:5001", "grpc://h:5001"),
        ("grpcs://h:443", "grpcs://h:443"),
        ("file:///data/runs", "file:///data/runs"),
        ("file:/data/runs", "file:///data/runs"),
        ("file://localhost/data", "file:///data"),
        ("/data/a b", "file:///data/a%20b"),
        ("/data/x/../y", "file:///data/y"),
        ("sqlite:////data/x.db", "file:///data/x.db.runstream"),
    ],
)
def test_canonical_form(given: str, canonical: str) -> None:
    assert canonical_uri(given) == canonical


def test_a_relative_folder_becomes_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert canonical_uri("runs") == f"file://{tmp_path}/runs"
    assert canonical_uri(Path("runs")) == f"file://{tmp_path}/runs"
    assert canonical_uri("sqlite:///x.db") == f"file://{tmp_path}/x.db.runstream"


def test_folder_of_undoes_quoting(tmp_path: Path) -> None:
    folder = tmp_path / "a b%c"
    uri = canonical_uri(folder)
    assert is_embedded(uri)
    assert folder_of(uri) == folder


@pytest.mark.parametrize(
    ("uri", "advice"),
    [
        ("postgresql://u:p@h/db", "runstream server DIR"),
        ("mysql+pymysql://u@h/db", "runstream server DIR"),
        ("mssql+pyodbc://u@h/db", "runstream server DIR"),
        ("databricks", "or give a folder"),
        ("databricks://profile", "or give a folder"),
        ("uc:catalog", "or give a folder"),
        ("ftp://h/x", "known are"),
        ("http://", "names no host"),
        ("http://h:99999", "port"),
        ("http://h/?q=1", "no query"),
        ("grpc://h", "needs a port"),
        ("file://other/x", "no other host"),
        ("sqlite:///:memory:", "in memory"),
    ],
)
def test_refused_addresses_say_what_to_do(uri: str, advice: str) -> None:
    with pytest.raises(MlflowException, match=advice) as error:
        canonical_uri(uri)
    assert error.value.error_code == "INVALID_PARAMETER_VALUE"


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("")
    with pytest.raises(MlflowException, match="not a folder"):
        canonical_uri(tmp_path / "x")


@pytest.mark.parametrize("content", ["mlflow.db", "0/meta.yaml"])
def test_an_mlflow_store_is_not_written(
    tmp_path: Path, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / content).parent.mkdir(exist_ok=True)
    (tmp_path / content).write_text("")
    assert canonical_uri(tmp_path) == f"file://{tmp_path}/.runstream"
    assert canonical_uri(tmp_path) == f"file://{tmp_path}/.runstream"
    assert caplog.text.count("runstream import mlflow") == 1


def test_a_folder_of_ours_may_hold_anything(tmp_path: Path) -> None:
    (tmp_path / "FORMAT").write_text("1")
    (tmp_path / "mlflow.db").write_text("")
    assert canonical_uri(tmp_path) == f"file://{tmp_path}"


def test_locations_of_artifacts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert file_location("file:///a/b") == "file:///a/b"
    assert file_location("art") == f"file://{tmp_path}/art"
    assert file_location("gs://bucket/x") is None
    assert file_location("dbfs:/x") is None
