"""One cluster for all tests here: two processes of each role over real engines."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers.cluster import Cluster, Size, missing


@pytest.fixture(scope="package")
def cluster() -> Iterator[Cluster]:
    if reason := missing():
        if os.environ.get("CI") or os.environ.get("RUNSTREAM_TEST_REQUIRE_SERVERS") == "1":
            raise RuntimeError(reason)
        pytest.skip(reason)
    size = Size(ingest=2, materialize=2, query=2)
    with (
        tempfile.TemporaryDirectory(prefix="runstream-cluster-") as folder,
        Cluster(Path(folder), size) as started,
    ):
        yield started
