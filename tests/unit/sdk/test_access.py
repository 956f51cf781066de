"""Credentials of this process: which count, and where they go."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from runstream import _access, _notices
from runstream._addresses import canonical_uri
from runstream.agent.access import AccessFile
from runstream.exceptions import MlflowException
from runstream.spool.folders import ScopeFolders

URI = "http://h:5000"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    _access._in_address.clear()
    _access._announced.clear()
    _notices.forget()
    yield
    _access._in_address.clear()
    _access._announced.clear()


@pytest.fixture
def process(tmp_path: Path) -> Any:
    return cast("Any", SimpleNamespace(folders=lambda: ScopeFolders(tmp_path, tmp_path)))


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, ""),
        ({"MLFLOW_TRACKING_TOKEN": "t"}, "Bearer t"),
        ({"MLFLOW_TRACKING_USERNAME": "u"}, ""),
        ({"MLFLOW_TRACKING_USERNAME": "u", "MLFLOW_TRACKING_PASSWORD": "p"}, basic("u:p")),
        (
            {
                "MLFLOW_TRACKING_USERNAME": "u", "MLFLOW_TRACKING_PASSWORD": "p",
                "MLFLOW_TRACKING_TOKEN": "t",
            },
            basic("u:p"),
        ),
        (
            {
                "MLFLOW_TRACKING_USERNAME": "u", "MLFLOW_TRACKING_PASSWORD": "p",
                "RUNSTREAM_TOKEN": "ours",
            },
            "Bearer ours",
        ),
        ({"RUNSTREAM_USERNAME": "o", "MLFLOW_TRACKING_PASSWORD": "p"}, basic("o:p")),
    ],
)  # fmt: skip
def test_which_credentials_count(
    env: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert _access.access_to(URI).authorization == expected


def test_an_address_keeps_its_credentials_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNSTREAM_TOKEN", "t")
    assert canonical_uri("http://u%40:p%3A@h:5000/") == URI
    assert _access.access_to(URI).authorization == basic("u@:p:")
    assert _access.access_to("http://other").authorization == "Bearer t"


@pytest.mark.parametrize(
    "uri", ["https://u:secret@h:x", "postgresql://u:secret@h/d", "grpc://u:secret@h", "ftp://u:secret@h/"]
)  # fmt: skip
def test_no_error_repeats_a_password(uri: str) -> None:
    with pytest.raises(MlflowException) as caught:
        canonical_uri(uri)
    assert "secret" not in str(caught.value)


def test_the_agent_is_told_what_is_new(
    process: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = AccessFile(tmp_path, URI)
    _access.announce(process, URI)
    assert not file.path.exists()  # nothing to say
    monkeypatch.setenv("RUNSTREAM_TOKEN", "one")
    monkeypatch.setenv("RUNSTREAM_TLS_CA", "ca.pem")
    _access.announce(process, URI)
    assert file.read().authorization == "Bearer one"
    assert Path(file.read().tls_ca).is_absolute()
    stamp = file.stamp()
    _access.announce(process, URI)
    assert file.stamp() == stamp
    monkeypatch.setenv("RUNSTREAM_TOKEN", "two")
    _access.announce(process, URI)
    assert file.read().authorization == "Bearer two"


def test_a_bad_variable_is_a_warning_and_no_error(
    process: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("RUNSTREAM_TRANSPORT", "pigeon")
    _access.announce(process, URI)
    assert "RUNSTREAM_TRANSPORT" in caplog.text


def test_a_denial_is_told_once(
    process: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _access.tell_denied(process, URI)
    AccessFile(tmp_path, URI).deny("it knows no such token.")
    _access.tell_denied(process, URI)
    _access.tell_denied(process, URI)
    assert caplog.text.count("no such token") == 1
