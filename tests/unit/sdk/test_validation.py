"""Names, lengths and text: what is refused, and how it is said."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from runstream import _limits as limits
from runstream import _validation as validation
from runstream.exceptions import MlflowException
from runstream_server.events import limits as server_limits
from runstream_server.events import rules


@pytest.mark.parametrize("key", ["a", "a b", "train/loss", "ü", "日本", "a.b-c_d:e", "x" * 250])
def test_keys(key: str) -> None:
    assert validation.check_key(key) == key
    rules.key("key", key)


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (None, "Missing value for required parameter 'key'."),
        ("", "Missing value for required parameter 'key'."),
        ("a*b", r"Invalid value \"a\*b\" for parameter 'key' supplied: Names may only contain"),
        ("a\n", "Names may only contain"),
        ("../a", "would resolve to"),
        ("/a", "would resolve to"),
        ("a//b", 'would resolve to "a/b"'),
        (".", "would resolve to"),
        (7, "not int"),
        ("x" * 251, "'key' exceeds the maximum length of 250 characters: .*…"),
    ],
)
def test_refused_keys(key: Any, message: str) -> None:
    with pytest.raises(MlflowException, match=message) as error:
        validation.check_key(key)
    assert error.value.get_http_status_code() == 400


def test_long_values_are_cut_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "runstream"):
        text = validation.param_value("config", "v" * 6001, truncate=True)
    assert text == "v" * 6000
    assert "param config has 6001 characters and is cut to 6000" in caplog.text


def test_long_values_are_refused_where_they_may_not_be_cut() -> None:
    with pytest.raises(MlflowException, match="exceeds the maximum length of 8000 characters"):
        validation.tag_value("note", "v" * 8001, truncate=False)


def test_values_become_text() -> None:
    assert validation.param_value("a", None, truncate=True) == "None"
    assert validation.tag_value("a", [1, 2], truncate=True) == "[1, 2]"


def test_text_without_a_form_in_utf8_is_refused() -> None:
    with pytest.raises(MlflowException, match="no form in UTF-8"):
        validation.tag_value("a", "\ud800", truncate=True)


@pytest.mark.parametrize("run_id", ["0" * 32, "A1-b_c"])
def test_run_ids_to_look_for(run_id: str) -> None:
    assert validation.check_run_id(run_id) == run_id


@pytest.mark.parametrize("run_id", [None, "", "/x", "a b", 5, "x" * 257])
def test_refused_run_ids(run_id: Any) -> None:
    with pytest.raises(MlflowException, match="run_id"):
        validation.check_run_id(run_id)


def test_only_hex_ids_are_written_to() -> None:
    assert validation.check_own_run_id("AB" * 16) == "ab" * 16
    with pytest.raises(MlflowException, match="32 hex characters"):
        validation.check_own_run_id("my-run")


@pytest.mark.parametrize("given", ["-1", "x", "1.0", "", "1" * 19])
def test_refused_experiment_ids(given: str) -> None:
    with pytest.raises(MlflowException, match="experiment_id"):
        validation.check_experiment_id(given)


def test_a_source_is_sorted_by_name() -> None:
    assert validation.check_source("rank=3,node=1") == "node=1,rank=3"
    assert validation.check_source("a-b=1,a=2") == "a=2,a-b=1"
    assert validation.check_source("") == ""


@pytest.mark.parametrize("given", ["rank", "rank=1,rank=2", "a b=1", "r=" + "1" * 250])
def test_refused_sources(given: str) -> None:
    with pytest.raises(MlflowException, match="source"):
        validation.check_source(given)


@pytest.mark.parametrize("path", ["a", "a/b.txt", "..a/b", "epoch=1.ckpt", "50%#?"])
def test_artifact_paths(path: str) -> None:
    assert validation.check_artifact_path(path) == path
    rules.artifact_path("path", path)


@pytest.mark.parametrize("path", ["", "/a", "../a", "a/../b", "a//b", "a/", ".", "a\\b", "a\nb"])
def test_refused_artifact_paths(path: str) -> None:
    with pytest.raises(MlflowException, match="Invalid path"):
        validation.check_artifact_path(path)
    with pytest.raises(rules.RuleError):
        rules.artifact_path("path", path)


@pytest.mark.parametrize(("path", "limit"), [("é/" * 400 + "x", "1024 bytes"), ("x" * 256, "255")])
def test_artifact_paths_have_a_length(path: str, limit: str) -> None:
    with pytest.raises(MlflowException, match=limit):
        validation.check_artifact_path(path)


def test_the_server_has_the_same_limits() -> None:
    pairs = {
        limits.KEY_LENGTH_CHARACTERS: server_limits.KEY_CHARACTERS,
        limits.PARAM_VALUE_LENGTH_CHARACTERS: server_limits.PARAM_VALUE_CHARACTERS,
        limits.TAG_VALUE_LENGTH_CHARACTERS: server_limits.TAG_VALUE_CHARACTERS,
        limits.EXPERIMENT_NAME_LENGTH_CHARACTERS: server_limits.EXPERIMENT_NAME_CHARACTERS,
        limits.EXPERIMENT_TAG_VALUE_LENGTH_CHARACTERS: (
            server_limits.EXPERIMENT_TAG_VALUE_CHARACTERS
        ),
        limits.ARTIFACT_LOCATION_LENGTH_CHARACTERS: server_limits.ARTIFACT_LOCATION_CHARACTERS,
        limits.ARTIFACT_PATH_LENGTH_BYTES: server_limits.ARTIFACT_PATH_BYTES,
        limits.ARTIFACT_NAME_LENGTH_BYTES: server_limits.ARTIFACT_NAME_BYTES,
        limits.SOURCE_LENGTH_CHARACTERS: server_limits.SOURCE_CHARACTERS,
        limits.DATASET_NAME_LENGTH_CHARACTERS: server_limits.DATASET_NAME_CHARACTERS,
        limits.DATASET_DIGEST_LENGTH_CHARACTERS: server_limits.DATASET_DIGEST_CHARACTERS,
        limits.USER_ID_LENGTH_CHARACTERS: server_limits.USER_ID_CHARACTERS,
        limits.EXPERIMENT_ID_LENGTH_DIGITS: server_limits.ID_DIGITS,
    }
    assert list(pairs.keys()) == list(pairs.values())
