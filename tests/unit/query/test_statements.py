"""Whatever a caller sends, it reaches a statement as a parameter only."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runstream.v1 import tracking_pb2 as tracking
from runstream_server.errors import ServiceError
from runstream_server.query.clauses import Clause, Kind, OrderKey
from runstream_server.query.dialect import EXPERIMENTS, LOGGED_MODELS, RUNS, Dialect
from runstream_server.query.experiment_search import search_experiments
from runstream_server.query.filters import read_filter
from runstream_server.query.model_search import search_models
from runstream_server.query.orders import read_order
from runstream_server.query.search import Search, search_statement
from runstream_server.query.view import View
from runstream_server.store.engine import Store


class EmptyStore:
    """Answers everything with nothing, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def rows(self, sql: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        self.asked.append(sql)
        assert set(re.findall(r"\{(\w+):", sql)) == set(params or {})
        return []


def check_refusal(call: Callable[[], object]) -> None:
    """It works, or is refused with the code and a message."""
    try:
        call()
    except ServiceError as error:
        refused = error
    else:
        return
    assert refused.error_code == "INVALID_PARAMETER_VALUE"
    assert refused.message


def view_of(store: EmptyStore) -> View:
    return View(cast(Store, store), 1)


def statement(clauses: Sequence[Clause], order: Sequence[OrderKey]) -> str:
    search = Search(clauses, order, tracking.ACTIVE_ONLY, [1, 2], 0, 10)
    sql, parameters = search_statement(view_of(EmptyStore()), search)
    assert set(re.findall(r"\{(\w+):", sql)) == set(parameters.values)
    return sql


def neutral_clause(clause: Clause) -> Clause:
    """The same comparison with a key and a value that say nothing."""
    identifier = clause.identifier
    if identifier.kind in (Kind.METRIC, Kind.PARAM, Kind.TAG):
        identifier = replace(identifier, key=f"k{abs(hash(identifier.key))}")
    value = clause.value
    if isinstance(value, str):
        value = "v"
    elif isinstance(value, tuple):
        value = ("v",)
    elif value is not None:
        value = type(value)(0)
    return replace(clause, identifier=identifier, value=value)


def neutral_order(key: OrderKey) -> OrderKey:
    if key.identifier.kind is Kind.ATTRIBUTE:
        return key
    name = f"k{abs(hash(key.identifier.key))}"
    return replace(key, identifier=replace(key.identifier, key=name))


_anything = st.text(max_size=20)
_piece = st.one_of(
    st.sampled_from(
        [
            "metrics.a", "params.b", "tags.`c d`", "status", "run_id", "start_time", "dataset.name",
            "=", "!=", ">", "<=", "LIKE", "ilike", "IN", "NOT IN", "IS NULL", "is not null",
            "'x'", '"y"', "1", "-.5e3", "('a', 'b')", "AND", "and", "OR", "(", ")", ",", ";", "--",
            "{p0:String}", "'; DROP TABLE runs; --", "`", "'", '"', "\\", "\0",
        ]
    ),
    _anything,
)  # fmt: skip
_filters = st.lists(_piece, max_size=12).map(" ".join)
_valid = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["params", "tags"]), _anything, st.sampled_from(["=", "LIKE"]),
                  _anything.filter(lambda text: "'" not in text).map("'{}'".format)),
        st.tuples(st.just("datasets"), st.sampled_from(["name", "digest", "context"]),
                  st.sampled_from(["=", "!=", "LIKE"]),
                  _anything.filter(lambda text: "'" not in text).map("'{}'".format)),
        st.tuples(st.just("metrics"), _anything, st.sampled_from(["=", "<"]),
                  st.floats(allow_nan=False, allow_infinity=False).map(repr)),
        st.tuples(st.just("attributes"), st.sampled_from(["run_id", "status", "artifact_uri"]),
                  st.sampled_from(["=", "!="]),
                  _anything.filter(lambda text: '"' not in text).map('"{}"'.format)),
    ).filter(lambda clause: clause[1] and "`" not in clause[1]),
    max_size=4,
)  # fmt: skip


@pytest.mark.parametrize("dialect", [RUNS, EXPERIMENTS, LOGGED_MODELS])
@given(text=_filters)
def test_any_text_is_read_or_refused(dialect: Dialect, text: str) -> None:
    check_refusal(lambda: read_filter(text, dialect))


@given(text=_anything)
def test_any_order_is_read_or_refused(text: str) -> None:
    check_refusal(lambda: read_order([text], RUNS))


@given(parts=_valid, order=st.lists(_anything, max_size=2))
def test_a_statement_depends_on_the_shape_alone(
    parts: list[tuple[str, str, str, str]], order: list[str]
) -> None:
    text = " AND ".join(f"{kind}.`{key}` {comp} {value}" for kind, key, comp, value in parts)
    clauses = read_filter(text, RUNS)
    keys = [f"metrics.`{key}`" for key in order if key and "`" not in key]
    try:
        ordered = read_order(keys, RUNS)
    except ServiceError:
        return
    neutral = [neutral_clause(clause) for clause in clauses], [neutral_order(k) for k in ordered]
    assert statement(clauses, ordered) == statement(*neutral)


@given(text=_filters)
def test_experiment_statements_are_parameterised(text: str) -> None:
    store = EmptyStore()
    request = tracking.SearchExperimentsRequest(
        filter=text.encode("utf-8", "ignore").decode() + " AND tags.`zq7` = 'zq8'"
    )
    try:
        search_experiments(view_of(store), request)
    except ServiceError:
        return
    assert not any("zq7" in sql or "zq8" in sql for sql in store.asked)


@given(text=_filters)
def test_model_statements_are_parameterised(text: str) -> None:
    store = EmptyStore()
    request = tracking.SearchLoggedModelsRequest(
        experiment_ids=["1"],
        filter=text.encode("utf-8", "ignore").decode() + " AND tags.`zq7` = 'zq8'",
        datasets=[tracking.DatasetFilter(name="zq9", digest="zq9")],
        order_by=[tracking.ModelOrder(field="metrics.zq9", dataset_name="zq9")],
    )
    try:
        search_models(view_of(store), request)
    except ServiceError:
        return
    assert not any(re.search("zq[789]", sql) for sql in store.asked)
