"""One engine for the tests of a module; a generation of tables for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runstream_server.store.engine import Store
from runstream_server.store.generations import create_generation, drop_generation
from runstream_server.store.open import open_store
from tests.servers.fixtures_clickhouse import PLACES, place


@pytest.fixture(scope="module", params=PLACES)
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    opened = open_store(place(request, tmp_path_factory))
    yield opened
    opened.terminate()


@pytest.fixture
def generation(store: Store) -> Iterator[int]:
    number = create_generation(store)
    yield number
    drop_generation(store, number)
