"""Environment variables: the table, its page, bad values."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from runstream._config import Config, configuration_page, read_config
from runstream._variables import VARIABLES, text_of
from runstream.exceptions import MlflowException

ROOT = Path(__file__).resolve().parents[3]
SDK = ROOT / "sdk" / "runstream"


def test_defaults() -> None:
    assert read_config({}) == Config(
        mode="online",
        connect_timeout_seconds=2.0,
        read_timeout_seconds=30.0,
        exit_timeout_seconds=60.0,
        exit_wait="auto",
        spool_artifact_max_bytes=2**30,
        spool_artifact_total_max_bytes=10 * 2**30,
        truncate_long_values=True,
        progress=True,
        run_context={},
    )


def test_ours_beats_mlflows_and_empty_is_not_set() -> None:
    both = {"RUNSTREAM_TRACKING_URI": "a", "MLFLOW_TRACKING_URI": "b"}
    assert text_of("TRACKING_URI", both) == "a"
    both["RUNSTREAM_TRACKING_URI"] = ""
    assert text_of("TRACKING_URI", both) == "b"
    assert text_of("TRACKING_URI", {}) == ""


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RUNSTREAM_MODE", "of"),
        ("RUNSTREAM_READ_TIMEOUT", "-1"),
        ("RUNSTREAM_READ_TIMEOUT", "soon"),
        ("RUNSTREAM_EXIT_WAIT", "maybe"),
        ("RUNSTREAM_SPOOL_ARTIFACT_MAX", "1 parsec"),
        ("MLFLOW_TRUNCATE_LONG_VALUES", "perhaps"),
        ("RUNSTREAM_RUN_CONTEXT", "[1]"),
        ("RUNSTREAM_RUN_CONTEXT", "{"),
    ],
)
def test_a_bad_value_names_its_variable(variable: str, value: str) -> None:
    with pytest.raises(MlflowException, match=variable):
        read_config({variable: value})


@pytest.mark.parametrize(
    ("text", "size"), [("10", 10), ("4 KiB", 4096), ("512MiB", 2**29), ("2 gib", 2**31)]
)
def test_sizes_have_units(text: str, size: int) -> None:
    assert read_config({"RUNSTREAM_SPOOL_ARTIFACT_MAX": text}).spool_artifact_max_bytes == size


def test_run_context_is_text() -> None:
    context = read_config({"MLFLOW_RUN_CONTEXT": '{"team": 7}'}).run_context
    assert context == {"team": "7"}


def test_the_page_is_up_to_date() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text()
    assert page == configuration_page(), "run: python -m runstream._config > docs/configuration.md"


def test_every_variable_of_the_sdk_is_in_the_table() -> None:
    known = {f"RUNSTREAM_{variable.name}" for variable in VARIABLES}
    found = set()
    for folder in (SDK, SDK / "spool", SDK / "agent", SDK / "_fluent", SDK / "tracking"):
        for file in folder.glob("*.py"):
            found |= set(re.findall(r"RUNSTREAM_[A-Z][A-Z_]*[A-Z]\b", file.read_text()))
    assert found - {"RUNSTREAM_X"} <= known
