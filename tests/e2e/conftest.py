"""Both sizes: the same tests over an embedded server and over a cluster."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.cluster import Engines, missing
from tests.servers.required import cannot_be_had


@pytest.fixture(scope="session")
def engines() -> Iterator[Engines]:
    """Kafka, ClickHouse and S3, for every cluster of these tests."""
    if reason := missing():
        cannot_be_had(reason)
    with tempfile.TemporaryDirectory(prefix="runstream-engines-") as folder:
        started = Engines(Path(folder))
        try:
            started.start()
            yield started
        finally:
            started.close()


@pytest.fixture(scope="session", params=["embedded", "cluster"])
def size(request: pytest.FixtureRequest) -> Engines | None:
    """What servers of a world are made of; None: embedded ones."""
    if request.param == "embedded":
        return None
    found: Engines = request.getfixturevalue("engines")
    return found
