"""A broker that tests may hurt, one for each module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.fixtures_kafka import need_broker
from tests.servers.kafka import KafkaServer


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaServer]:
    need_broker()
    with KafkaServer(tmp_path_factory.mktemp("broker")) as server:
        yield server
