"""How the engine reads what a search asks for: one key of all runs, not all keys."""

from __future__ import annotations

import pytest

from runstream.v1 import tracking_pb2 as tracking
from runstream_server.query.dialect import RUNS
from runstream_server.query.filters import read_filter
from runstream_server.query.orders import read_order
from runstream_server.query.search import Search, search_statement
from runstream_server.query.view import open_view
from tests.integration.query.tables import Tables

# Enough that reading one key only is worth it.
_ROWS = 20_000

_KEY = "concat('k', toString(number % 10))"
_ROW = {
    "latest": f"{_KEY}, '', (1, 1, number, 0), (0, 0, 0), (0, 0, 0), 0, 0, 0, 1",
    "params": f"{_KEY}, (number, 'v'), 'v', 'v'",
    "tags": f"{_KEY}, 'v', number, 0",
}


def _plan(tables: Tables, filter_string: str) -> str:
    search = Search(
        clauses=read_filter(filter_string, RUNS),
        order=read_order([], RUNS),
        view_type=tracking.ACTIVE_ONLY,
        experiments=None,
        offset=0,
        limit=10,
    )
    sql, parameters = search_statement(open_view(tables.store), search)
    lines = tables.store.rows(f"EXPLAIN {sql}", parameters.values)
    return "\n".join(line for (line,) in lines)


@pytest.mark.parametrize(
    ("name", "filter_string"),
    [("latest", "metrics.k7 > 1"), ("params", "params.k7 = 'v'"), ("tags", "tags.k7 = 'v'")],
)
def test_a_search_reads_the_projection(empty: Tables, name: str, filter_string: str) -> None:
    empty.store.command(
        f"INSERT INTO {open_view(empty.store).table(name)} "
        f"SELECT generateUUIDv4(), {_ROW[name]} FROM numbers({_ROWS})"
    )
    assert "ReadFromMergeTree (by_key)" in _plan(empty, filter_string)
