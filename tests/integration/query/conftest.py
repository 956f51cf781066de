"""A real engine with merges stopped, so that superseded rows are met by every query."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from runstream_server.query.service import QueryOptions, QueryService
from runstream_server.service import CallContext
from runstream_server.store.engine import Store
from runstream_server.store.open import open_store
from tests.integration.query.tables import LOG_ID, NOW_MS, Tables
from tests.servers.fixtures_clickhouse import PLACES, place


@pytest.fixture(scope="module", params=PLACES)
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    opened = open_store(place(request, tmp_path_factory))
    opened.command("SYSTEM STOP MERGES")
    yield opened
    opened.command("SYSTEM START MERGES")
    opened.close()


@pytest.fixture(scope="module")
def tables(store: Store) -> Tables:
    return Tables(store)


@pytest.fixture
def empty(tables: Tables) -> Tables:
    """The tables without a row."""
    tables.truncate()
    return tables


@pytest.fixture(scope="module")
def service(store: Store) -> Iterator[QueryService]:
    options = QueryOptions(
        log_id=LOG_ID,
        partitions=4,
        http_address=lambda: "http://here",
        end_offsets=lambda: {("events", 0): 7, ("registry", 0): 2},
        version="1.2.3",
        now_ms=lambda: NOW_MS,
    )
    opened = QueryService(store, options)
    yield opened
    opened.close()


@pytest.fixture
def ctx() -> CallContext:
    return CallContext(position=None, deadline=time.monotonic() + 60)
