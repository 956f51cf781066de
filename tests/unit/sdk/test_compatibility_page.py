"""docs/mlflow-compatibility.md against the code and MLflow's signatures."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.compat.scope import ENTITY_NOTES, IN_SCOPE, NOTES
from tests.compat.table import (
    FACTS,
    Verdict,
    compare,
    entity_verdicts,
    function_verdicts,
    our_function,
    page,
)

PAGE = Path(__file__).parents[3] / "docs" / "mlflow-compatibility.md"
ANY = "POSITIONAL_OR_KEYWORD"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "python -m tests.compat.table > docs/mlflow-compatibility.md"


def test_what_differs_says_why() -> None:
    functions = {(p, n) for p, n, verdict in function_verdicts() if verdict.word == "different"}
    assert {item for item in functions if item not in NOTES} == set()
    entities = {n for n, verdict in entity_verdicts() if verdict.word == "different"}
    assert entities - set(ENTITY_NOTES) == set()


def test_notes_and_scope_are_about_what_mlflow_has() -> None:
    known = {(part, name) for part, names in IN_SCOPE.items() for name in names}
    both = {"mlflow", "MlflowClient"}
    unknown = [n for n in NOTES if n not in known and not any((p, n[1]) in known for p in both)]
    assert unknown == []
    only_with_polars = {("mlflow.data", "from_polars")}
    assert {(p, n) for p, n in known if n not in FACTS["functions"][p]} == only_with_polars


def test_nothing_that_is_out_of_scope_is_there_in_silence() -> None:
    for part, names in IN_SCOPE.items():
        outside = set(FACTS["functions"][part]) - set(names)
        assert {name for name in outside if our_function(part, name) is not None} == set()


@pytest.mark.parametrize(
    ("ours", "word"),
    [
        ([["a", ANY, ""], ["b", ANY, "None"]], "same"),
        ([["a", ANY, ""], ["b", ANY, "None"], ["c", ANY, "1"]], "more"),
        ([["a", ANY, "1"], ["b", ANY, "None"]], "more"),
        ([["a", ANY, ""], ["b", ANY, "None"], ["c", ANY, ""]], "different"),
        ([["b", ANY, "None"], ["a", ANY, ""]], "different"),
        ([["a", ANY, ""], ["b", ANY, "2"]], "different"),
        ([["a", ANY, ""]], "different"),
        ([["a", ANY, ""], ["c", ANY, "1"], ["b", ANY, "None"]], "different"),
        (None, "missing"),
    ],
)
def test_compare(ours: list[list[str]] | None, word: str) -> None:
    assert compare([["a", ANY, ""], ["b", ANY, "None"]], ours).word == word


def test_what_is_more_is_said() -> None:
    theirs = [["a", ANY, ""]]
    assert compare(theirs, [["a", ANY, "1"], ["c", ANY, "1"]]) == Verdict(
        "more", "`a` may be left out, also `c`"
    )
