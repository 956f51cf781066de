"""The broker that all tests of a session share, and settings of topics of their own."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator

import pytest

from runstream_server.eventlog.kafka.settings import KafkaSettings
from tests.servers.kafka import KafkaServer, missing
from tests.servers.required import cannot_be_had

# Read before a session's own environment hides it from the program.
_GIVEN = os.environ.get("RUNSTREAM_TEST_KAFKA", "")

MakeSettings = Callable[..., KafkaSettings]


def need_broker() -> None:
    """Skips the test where a broker cannot be had, with the reason; fails it where it must be."""
    if reason := missing():
        cannot_be_had(reason)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a broker, for everyone: it is not to be stopped."""
    if _GIVEN:
        yield _GIVEN
        return
    need_broker()
    with KafkaServer(tmp_path_factory.mktemp("kafka")) as server:
        yield server.address


@pytest.fixture
def kafka_settings(kafka: str) -> MakeSettings:
    """Makes settings with a prefix of this test's own."""
    prefix = f"test-{uuid.uuid4().hex[:12]}"

    def make(**changes: object) -> KafkaSettings:
        return settings_for(kafka, **{"prefix": prefix, **changes})

    return make


def settings_for(address: str, **changes: object) -> KafkaSettings:
    """For a broker of one node and quick tests."""
    chosen: dict[str, object] = {
        "partitions": 3,
        "single_broker": True,
        "session_ms": 2000,
        "guard_seconds": 0.5,
        **changes,
    }
    return KafkaSettings(address, **chosen)  # type: ignore[arg-type]
