"""What every event log promises, on a real broker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from runstream_server.eventlog.kafka.logs import KafkaLogs
from tests.contract.test_eventlog import *  # noqa: F403
from tests.contract.test_eventlog import PARTITIONS, Logs
from tests.servers.fixtures_kafka import MakeSettings


@pytest.fixture  # type: ignore[no-redef]
def logs(kafka_settings: MakeSettings) -> Iterator[Logs]:
    made = KafkaLogs(kafka_settings(partitions=PARTITIONS))
    yield made
    made.close()
