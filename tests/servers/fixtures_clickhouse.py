"""One ClickHouse for the session; a database of its own for whoever asks for a place."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from runstream_server.store.address import StoreAddress, parse_address
from tests.servers.clickhouse import ClickHouse

_VARIABLE = "RUNSTREAM_TEST_CLICKHOUSE_URL"
# Read before the tests' own environment is made, which has no RUNSTREAM_* variables.
_GIVEN = os.environ.get(_VARIABLE, "")


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a server, without a database: RUNSTREAM_TEST_CLICKHOUSE_URL, or one of ours."""
    if _GIVEN:
        yield _GIVEN.rstrip("/")
        return
    server = ClickHouse(tmp_path_factory.mktemp("clickhouse") / "engine")
    server.start()
    try:
        yield server.url
    finally:
        server.stop()


def fresh_address(url: str) -> StoreAddress:
    """A database of that server that nobody has."""
    return parse_address(f"{url}/test_{uuid.uuid4().hex[:12]}")


#: Where a store of the tests may be; a fixture's parameters.
PLACES = ("folder", "server")


def place(request: pytest.FixtureRequest, factory: pytest.TempPathFactory) -> Path | StoreAddress:
    """A new place of the kind that is the fixture's parameter."""
    if request.param == "server":
        return fresh_address(request.getfixturevalue("clickhouse"))
    return factory.mktemp("store")
