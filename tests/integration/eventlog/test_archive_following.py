"""`runstream archive --follow`: pass after pass, through what passes by itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from runstream_server.cluster.archiving import archive_deployment
from runstream_server.cluster.settings import Deployment
from runstream_server.eventlog.archive.place import ArchivePlace
from tests.e2e.harness import eventually
from tests.integration.eventlog.archive_place import Place
from tests.servers.fixtures_kafka import MakeSettings
from tests.servers.s3 import S3Server


@pytest.fixture
def place(kafka_settings: MakeSettings, own_s3: S3Server) -> Iterator[Place]:
    made = Place(kafka_settings(partitions=2), own_s3)
    yield made
    made.close()


@contextmanager
def following(place: Place, said: list[str]) -> Iterator[None]:
    deployment = Deployment(
        place.settings, None, place.s3.settings(place.bucket), ArchivePlace("archive")
    )
    stop = threading.Event()
    results: list[bool] = []

    def follow() -> None:
        results.append(archive_deployment(deployment, 0.1, stop, said.append))

    thread = threading.Thread(target=follow)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert results == [True]


def test_new_records_are_archived_when_the_storage_is_back(place: Place) -> None:
    said: list[str] = []

    def ends() -> list[int]:
        return [place.archive().end("events", partition) for partition in range(2)]

    place.fill(10)
    with following(place, said):
        eventually(lambda: ends() == [5, 5])
        place.s3.kill()
        place.fill(6)
        eventually(lambda: any("cannot be used: there is no connection" in line for line in said))
        place.s3.start()
        eventually(lambda: ends() == [8, 8])
    assert any(line.startswith("Archived ") for line in said)
