"""One cluster for all tests here: two processes of each role over real engines."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.cluster import Cluster, Size, missing
from tests.servers.required import cannot_be_had


@pytest.fixture(scope="package")
def cluster() -> Iterator[Cluster]:
    if reason := missing():
        cannot_be_had(reason)
    size = Size(ingest=2, materialize=2, query=2)
    with (
        tempfile.TemporaryDirectory(prefix="runstream-cluster-") as folder,
        Cluster(Path(folder), size) as started,
    ):
        yield started
