"""One engine for the tests of a module; a generation of tables for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runstream_server.store.engine import Store
from runstream_server.store.generations import create_generation, drop_generation
from runstream_server.store.open import open_store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(_folder(tmp_path_factory))
    yield opened
    opened.terminate()


def _folder(factory: pytest.TempPathFactory) -> Path:
    return factory.mktemp("store")


@pytest.fixture
def generation(store: Store) -> Iterator[int]:
    number = create_generation(store)
    yield number
    drop_generation(store, number)
