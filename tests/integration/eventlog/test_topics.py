"""What a deployment insists on, and what ends the use of its logs."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from runstream_server.eventlog.genesis import establish
from runstream_server.eventlog.kafka.logs import KafkaLogs
from runstream_server.eventlog.kafka.settings import KafkaSettings
from runstream_server.eventlog.kafka.topics import TopicError
from runstream_server.eventlog.port import LogMismatchError, LogUnavailableError, NewRecord
from tests.servers.fixtures_kafka import MakeSettings
from tests.servers.kafka import PASSWORD, USER, KafkaServer


@pytest.fixture
def admin(kafka: str) -> Iterator[Any]:
    with closing(KafkaAdminClient(bootstrap_servers=kafka)) as client:
        yield client


def eventually(check: Callable[[], object]) -> None:
    deadline = time.monotonic() + 30.0
    while not check():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def opened(settings: KafkaSettings) -> None:
    KafkaLogs(settings).close()


def test_topics_are_made_for_ever(kafka_settings: MakeSettings, admin: Any) -> None:
    settings = kafka_settings()
    opened(settings)
    resource = ConfigResource(ConfigResourceType.TOPIC, settings.topic("events"))
    configs = admin.describe_configs([resource], config_filter="all")["topic"][resource.name]
    for name, value in {
        "retention.ms": "-1",
        "retention.bytes": "-1",
        "cleanup.policy": "delete",
        "max.message.bytes": "8388608",
        "unclean.leader.election.enable": "false",
    }.items():
        assert configs[name]["value"] == value


def test_too_few_brokers_for_safe_topics(kafka_settings: MakeSettings) -> None:
    with pytest.raises(TopicError, match=r"fewer than 3 brokers.*--single-broker"):
        opened(kafka_settings(single_broker=False, connect_seconds=0.0))


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("retention.ms", "86400000", "older records would be deleted"),
        ("retention.bytes", "1000000", "older records would be deleted"),
        ("cleanup.policy", "compact", "compaction would delete"),
        ("unclean.leader.election.enable", "true", "could become the leader"),
        ("max.message.bytes", "1000000", "would never be taken. Set it to 8388608"),
    ],
)
def test_a_topic_that_would_lose_records(
    kafka_settings: MakeSettings, admin: Any, name: str, value: str, sentence: str
) -> None:
    settings = kafka_settings()
    opened(settings)
    topic = settings.topic("events")
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, {name: value})])
    with pytest.raises(TopicError, match=sentence) as caught:
        opened(settings)
    assert topic in str(caught.value)


def test_one_copy_needs_a_flag(kafka_settings: MakeSettings) -> None:
    settings = kafka_settings()
    opened(settings)
    with pytest.raises(TopicError) as caught:
        opened(replace(settings, single_broker=False))
    assert "replication is 1" in str(caught.value)
    assert "min.insync.replicas is 1" in str(caught.value)


def test_the_flag_names_its_risk(
    kafka_settings: MakeSettings, caplog: pytest.LogCaptureFixture
) -> None:
    opened(kafka_settings())
    assert "a lost disk of the broker is the loss of every record" in caplog.text


def test_many_processes_agree_on_one_log(kafka_settings: MakeSettings) -> None:
    settings = kafka_settings()
    starters = 6

    def start(_number: int) -> object:
        with closing(KafkaLogs(settings)) as logs:
            return establish(logs.events, logs.registry)

    with ThreadPoolExecutor(starters) as pool:
        assert len(set(pool.map(start, range(starters)))) == 1


def test_a_topic_that_was_made_again_ends_the_use(kafka_settings: MakeSettings, admin: Any) -> None:
    settings = kafka_settings()
    faults: list[str] = []
    with closing(KafkaLogs(settings, faults.append)) as logs:
        establish(logs.events, logs.registry)
        logs.events.append([NewRecord(0, b"a")])
        admin.delete_topics([settings.topic("events")])
        eventually(lambda: faults)
        assert "is gone" in faults[0] or "made again" in faults[0]
        with pytest.raises(LogMismatchError):
            logs.events.append([NewRecord(0, b"b")])
        with pytest.raises(LogMismatchError):
            logs.events.end_offsets()


def test_events_that_disappeared_are_not_made_again(
    kafka_settings: MakeSettings, admin: Any
) -> None:
    settings = kafka_settings()
    with closing(KafkaLogs(settings)) as logs:
        establish(logs.events, logs.registry)
    admin.delete_topics([settings.topic("events")])
    with pytest.raises(LogMismatchError, match="is gone"):
        opened(settings)


def test_more_partitions_end_the_use(kafka_settings: MakeSettings, admin: Any) -> None:
    settings = kafka_settings()
    faults: list[str] = []
    with closing(KafkaLogs(settings, faults.append)) as logs:
        establish(logs.events, logs.registry)
        admin.create_partitions({settings.topic("events"): 5})
        eventually(lambda: faults)
        assert "has 5 partitions and was made with 3" in faults[0]
    with (
        closing(KafkaLogs(settings)) as logs,
        pytest.raises(LogMismatchError, match="opened with 5"),
    ):
        establish(logs.events, logs.registry)


def test_records_that_were_deleted_end_a_reader(kafka_settings: MakeSettings, admin: Any) -> None:
    settings = kafka_settings()
    with closing(KafkaLogs(settings)) as logs:
        logs.events.append([NewRecord(0, b"a"), NewRecord(0, b"b")])
        reader = logs.events.open_reader({0: 5})
        with pytest.raises(LogMismatchError):
            reader.poll(1000, 5.0)
        reader.close()
        admin.delete_records({TopicPartition(settings.topic("events"), 0): 1})
        reader = logs.events.open_reader({0: 0})
        with pytest.raises(LogMismatchError, match="does not have the offset"):
            reader.poll(1000, 5.0)
        reader.close()


def test_user_password_and_tls(
    broker: KafkaServer, kafka_settings: MakeSettings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    guarded: dict[str, Any] = {
        "bootstrap": broker.guarded_address,
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "PLAIN",
        "sasl_username": USER,
        "sasl_password": PASSWORD,
        "ssl_cafile": str(broker.ca_file),
    }
    settings = replace(kafka_settings(), **guarded)
    with closing(KafkaLogs(settings)) as logs:
        logs.events.append([NewRecord(0, b"a")])
        reader = logs.events.open_reader({})
        assert [record.value for record in reader.poll(1000, 5.0)] == [b"a"]
        reader.close()
    wrong = replace(settings, sasl_password="wrong-" + PASSWORD, connect_seconds=0.0)
    with pytest.raises(LogUnavailableError) as caught:
        KafkaLogs(wrong)
    for text in (repr(settings), caplog.text, str(caught.value), repr(caught.value)):
        assert PASSWORD not in text
