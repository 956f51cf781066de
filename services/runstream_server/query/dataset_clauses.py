"""Comparisons of the datasets that runs read. Each may be met by another dataset."""

from __future__ import annotations

from runstream_server.query.clauses import Clause
from runstream_server.query.run_inputs import CONTEXT_TAG
from runstream_server.query.sql import Parameters, compare_text
from runstream_server.query.view import View

_CONTEXT = "context"


def dataset_row_condition(clause: Clause, parameters: Parameters) -> str:
    """A condition on single rows of `inputs`, true for one of every run that matches."""
    return _condition(clause, "tags", parameters)


def dataset_condition(view: View, clause: Clause, narrowed: str, parameters: Parameters) -> str:
    """The exact condition on the merged runs `v`; narrowed: which runs may match at all."""
    inputs = f"{view.table('inputs')} WHERE {narrowed}"
    if clause.identifier.key != _CONTEXT:
        # Name and digest are what a row is known by: no row supersedes another in them.
        found = f"SELECT run_id FROM {inputs} AND {_condition(clause, '', parameters)}"
    else:
        merged = _condition(clause, "argMax(tags, version)", parameters)
        found = f"SELECT run_id FROM {inputs} GROUP BY run_id, name, digest HAVING {merged}"
    return f"v.run_id IN ({found})"


def _condition(clause: Clause, tags: str, parameters: Parameters) -> str:
    assert isinstance(clause.value, (str, tuple))
    key = clause.identifier.key
    if key != _CONTEXT:
        return compare_text(key, clause.comparator, clause.value, parameters)
    value = compare_text("tag.2", clause.comparator, clause.value, parameters)
    return f"arrayExists(tag -> tag.1 = {parameters.text(CONTEXT_TAG)} AND {value}, {tags})"
