"""Searches on the real engine find what plain Python finds."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runstream.v1 import tracking_pb2 as tracking
from runstream_server.query.service import QueryService
from runstream_server.service import CallContext
from tests.integration.query.oracle import (
    METRIC_KEYS,
    TEXT_KEYS,
    TEXTS,
    OracleClause,
    OracleRun,
    fill,
    matches,
    ordered,
)
from tests.integration.query.tables import Tables

_EXAMPLES = settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
_PAGES = settings(_EXAMPLES, max_examples=10)


@pytest.fixture(scope="module", params=[1, 2])
def runs(request: pytest.FixtureRequest, tables: Tables) -> list[OracleRun]:
    tables.truncate()
    return fill(tables, request.param, 25)


_texts = st.sampled_from([*TEXTS, "%", "a%", "%b", "_", "__", "A%", "%\\%", "zz"])
_missing = ("missing",)


def _clauses(kind: str, keys: tuple[str, ...], comparators: list[str], values: Any) -> Any:
    return st.builds(
        OracleClause, st.just(kind), st.sampled_from(keys), st.sampled_from(comparators), values
    )


_NUMERIC = ["=", "!=", ">", ">=", "<", "<="]
_TEXT = ["=", "!=", "LIKE", "ILIKE"]
_NULL = ["IS NULL", "IS NOT NULL"]
_numbers = st.sampled_from([-1.5, 0.0, 0.5, 1, 2, 1e300])

clauses = st.one_of(
    _clauses("metrics", METRIC_KEYS + _missing, _NUMERIC, _numbers),
    _clauses("params", TEXT_KEYS + _missing, _TEXT, _texts),
    _clauses("tags", TEXT_KEYS + _missing, _TEXT, _texts),
    _clauses("params", TEXT_KEYS + _missing, _NULL, st.none()),
    _clauses("tags", TEXT_KEYS + _missing, _NULL, st.none()),
    _clauses("attributes", ("run_name", "user_id", "status", "artifact_uri"), _TEXT, _texts),
    _clauses("attributes", ("status",), _TEXT, st.sampled_from(["FINISHED", "f%", "%ED"])),
    _clauses("attributes", ("start_time", "end_time"), _NUMERIC, st.sampled_from([1, 50, 2.5])),
)
orders = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *(("metrics", key) for key in METRIC_KEYS + _missing),
                *((kind, key) for kind in ("params", "tags") for key in TEXT_KEYS),
                *(
                    ("attributes", key)
                    for key in ("run_id", "run_name", "status", "start_time", "end_time")
                ),
            ]
        ),
        st.booleans(),
    ),
    max_size=3,
    unique_by=lambda item: item[0],
)


def _ask(
    service: QueryService, filter_string: str, order: list[str], **fields: Any
) -> tracking.SearchRunsResponse:
    request = tracking.SearchRunsRequest(filter=filter_string, order_by=order, **fields)
    return service.search_runs(request, CallContext(None, time.monotonic() + 60))


def _order_text(order: list[tuple[tuple[str, str], bool]]) -> list[str]:
    return [f"{kind}.`{key}` {'DESC' if down else 'ASC'}" for (kind, key), down in order]


@_EXAMPLES
@given(filters=st.lists(clauses, max_size=4), order=orders, data=st.data())
def test_finds_what_the_rules_say_in_their_order(
    runs: list[OracleRun],
    service: QueryService,
    filters: list[OracleClause],
    order: list[tuple[tuple[str, str], bool]],
    data: st.DataObject,
) -> None:
    experiments = data.draw(st.sets(st.integers(0, 3), min_size=1))
    expected = [
        run
        for run in runs
        if run.experiment_id in experiments and all(matches(run, clause) for clause in filters)
    ]
    expected = ordered(expected, [(kind, key, down) for (kind, key), down in order])
    found = _ask(
        service,
        " AND ".join(clause.text() for clause in filters),
        _order_text(order),
        experiment_ids=[str(number) for number in experiments],
    )
    assert [run.info.run_id for run in found.runs] == [run.run_id for run in expected]
    for shown, run in zip(found.runs, expected, strict=True):
        assert {m.key: repr(m.value) for m in shown.data.metrics} == {
            key: repr(value) for key, value in run.metrics.items()
        }
        assert {param.key: param.value for param in shown.data.params} == run.params
        assert {tag.key: tag.value for tag in shown.data.tags} == run.tags


@pytest.mark.parametrize("store", ["folder"], indirect=True)
@_PAGES
@given(order=orders, size=st.integers(1, 12))
def test_pages_laid_end_to_end_are_the_whole(
    runs: list[OracleRun],
    service: QueryService,
    order: list[tuple[tuple[str, str], bool]],
    size: int,
) -> None:
    seen: list[str] = []
    token = ""
    while True:
        page = _ask(
            service,
            "",
            _order_text(order),
            all_experiments=True,
            max_results=size,
            page_token=token,
        )
        seen += [run.info.run_id for run in page.runs]
        token = page.next_page_token
        if not token:
            break
        assert len(page.runs) == size
    expected = ordered(runs, [(kind, key, down) for (kind, key), down in order])
    assert seen == [run.run_id for run in expected]


def test_run_ids_in_a_list(runs: list[OracleRun], service: QueryService) -> None:
    wanted = sorted(run.run_id for run in runs)[3:6]
    listed = ", ".join(f"'{run_id}'" for run_id in [*wanted, "nobody"])
    found = _ask(service, f"run_id IN ({listed})", ["run_id"], all_experiments=True)
    assert [run.info.run_id for run in found.runs] == wanted
    others = _ask(service, f"run_id NOT IN ({listed})", [], all_experiments=True)
    assert len(others.runs) == len(runs) - 3
    none = _ask(service, "run_id = 'nobody'", [], all_experiments=True)
    assert not none.runs


def test_without_experiments_nothing_is_found(runs: list[OracleRun], service: QueryService) -> None:
    assert not _ask(service, "", []).runs
    assert not _ask(service, "", [], experiment_ids=["77"]).runs
