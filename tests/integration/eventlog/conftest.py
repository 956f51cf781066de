"""A broker that tests may hurt, one for each module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.eventlog.archive_place import Place
from tests.servers.fixtures_kafka import MakeSettings, need_broker
from tests.servers.kafka import KafkaServer
from tests.servers.s3 import S3Server


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    need_broker()
    with KafkaServer(tmp_path_factory.mktemp("broker")) as server:
        yield server


@pytest.fixture
def place(kafka_settings: MakeSettings, s3: S3Server) -> Iterator[Place]:
    made = Place(kafka_settings(partitions=2), s3)
    yield made
    made.close()
