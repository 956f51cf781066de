"""Attributes of runs in a search: merged rows called `v`, and what is asked of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from runstream_server.query.clauses import Clause, OrderKey
from runstream_server.query.run_rows import ExperimentState, visible
from runstream_server.query.sql import (
    NO_ATTEMPT,
    STATUS_NAMES,
    Parameters,
    compare_text,
    run_id_hex,
)
from runstream_server.query.view import View

# One order for (first, position), which the engine compares many times faster
# than a tuple. The engine leaves out the columns that a statement does not use.
_ORDERED = "bitShiftLeft(toInt128({column}.{first}), 64) + {column}.pos"
_BY_STATUS = _ORDERED.format(column="status", first="attempt")
_BY_END = _ORDERED.format(column="end_time", first="attempt")
_BY_DELETED = _ORDERED.format(column="deleted", first="accepted_ms")

_MERGED = f"""
    SELECT run_id,
           argMin(created.experiment_id, created.pos) AS run_experiment,
           argMin(created.start_time, created.pos) AS run_start,
           argMin(created.user_id, created.pos) AS run_user,
           argMax(status.status, {_BY_STATUS}) AS run_status,
           max(end_time.attempt) != {NO_ATTEMPT} AS run_has_end,
           argMax(end_time.end_time, {_BY_END}) AS run_end,
           argMax(name.value, name.pos) AS run_name,
           max(deleted.accepted_ms) AS run_changed,
           argMax(deleted.deleted, {_BY_DELETED}) AS run_deleted
    FROM {{runs}} WHERE {{where}} GROUP BY run_id HAVING {{visible}}
"""

_STATUSES = ", ".join(f"'{name}'" for name in STATUS_NAMES)
_NUMBERS = ", ".join(str(number) for number, _ in enumerate(STATUS_NAMES, start=1))

# Constant SQL: nothing of a caller stands in here.
_TEXTS = {
    "run_id": run_id_hex("v.run_id"),
    "run_name": "v.run_name",
    "status": f"transform(v.run_status, [{_NUMBERS}], [{_STATUSES}], 'RUNNING')",
    "user_id": "v.run_user",
}
_NUMERIC = {"start_time": "v.run_start", "end_time": "v.run_end"}
_TIE_BREAKER = "UUIDToNum(v.run_id) ASC"


def merged_runs(view: View, where: str) -> str:
    """A SELECT of the visible runs that meet a condition on run_id."""
    return _MERGED.format(runs=view.table("runs"), where=where, visible=visible(view))


@dataclass(frozen=True)
class Experiments:
    """The experiments that are not as by default: once deleted, or placed elsewhere.

    There are few of them, so they go into the statement as arrays.
    """

    states: dict[int, ExperimentState]

    def is_deleted(self, parameters: Parameters) -> str:
        """The later of the run's and its experiment's last delete or restore."""
        changed = {n: state for n, state in self.states.items() if state.changed_ms}
        if not changed:
            return "v.run_deleted"
        keys = parameters.integers(list(changed))
        times = parameters.integers([state.changed_ms for state in changed.values()])
        deleted = parameters.integers([state.deleted for state in changed.values()])
        return (
            f"if(transform(v.run_experiment, {keys}, {times}, toInt64(0)) > v.run_changed, "
            f"transform(v.run_experiment, {keys}, {deleted}, toInt64(0)), v.run_deleted)"
        )

    def root(self, number: str, parameters: Parameters) -> str:
        """Where the experiment of that number (an expression) keeps its artifacts."""
        placed = {n: state for n, state in self.states.items() if state.location}
        root = f"concat('mlflow-artifacts:/', toString({number}))"
        if placed:
            keys = parameters.integers(list(placed))
            roots = parameters.texts([s.location.rstrip("/") for s in placed.values()])
            root = f"transform({number}, {keys}, {roots}, {root})"
        return root

    def artifact_uri(self, parameters: Parameters) -> str:
        root = self.root("v.run_experiment", parameters)
        return f"concat({root}, '/', {_TEXTS['run_id']}, '/artifacts')"

    def text(self, name: str, parameters: Parameters) -> str:
        """The expression of an attribute that is a string."""
        return self.artifact_uri(parameters) if name == "artifact_uri" else _TEXTS[name]


def read_experiments(view: View) -> Experiments:
    rows = view.rows(
        "SELECT experiment_id, changed_ms, deleted, artifact_location "
        f"FROM {view.table('experiments')} FINAL "
        "WHERE changed_ms != 0 OR artifact_location NOT IN "
        "('', concat('mlflow-artifacts:/', toString(experiment_id)))",
        {},
    )
    return Experiments({number: ExperimentState(*state) for number, *state in rows})


def attribute_conditions(
    clauses: Sequence[Clause], experiments: Experiments, parameters: Parameters
) -> list[str]:
    """One condition per clause; a run without an end time never matches one on it."""
    return [_condition(clause, experiments, parameters) for clause in clauses]


def attribute_order(key: OrderKey, experiments: Experiments, parameters: Parameters) -> list[str]:
    """What to order by; runs without the attribute last."""
    direction = "DESC" if key.descending else "ASC"
    name = key.identifier.key
    if name == "end_time":
        return ["v.run_has_end DESC", f"v.run_end {direction}"]
    expression = _NUMERIC.get(name) or experiments.text(name, parameters)
    return [f"{expression} {direction}"]


def tie_breakers(order: Sequence[OrderKey]) -> list[str]:
    """What makes every order total: newest first, then by run id."""
    if any(key.identifier.key == "start_time" for key in order):
        return [_TIE_BREAKER]
    return ["v.run_start DESC", _TIE_BREAKER]


def _condition(clause: Clause, experiments: Experiments, parameters: Parameters) -> str:
    name = clause.identifier.key
    if name in _NUMERIC:
        assert isinstance(clause.value, (int, float))
        compared = f"{_NUMERIC[name]} {clause.comparator} {parameters.number(clause.value)}"
        return f"(v.run_has_end AND {compared})" if name == "end_time" else compared
    assert isinstance(clause.value, (str, tuple))
    text = experiments.text(name, parameters)
    return compare_text(text, clause.comparator, clause.value, parameters)
