"""What can be chosen about the log on Kafka."""

from __future__ import annotations

import pytest

from runstream_server.eventlog.kafka.settings import KafkaSettings, SettingsError

GIVEN = {
    "RUNSTREAM_KAFKA": "a:9092, b:9093",
    "RUNSTREAM_KAFKA_PREFIX": "team",
    "RUNSTREAM_PARTITIONS": "64",
    "RUNSTREAM_KAFKA_REPLICATION": "5",
    "RUNSTREAM_SINGLE_BROKER": "true",
    "RUNSTREAM_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "RUNSTREAM_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
    "RUNSTREAM_KAFKA_SASL_USERNAME": "me",
    "RUNSTREAM_KAFKA_SASL_PASSWORD": "secret",
    "RUNSTREAM_KAFKA_SSL_CAFILE": "/ca.pem",
}


def test_they_come_from_the_environment() -> None:
    settings = KafkaSettings.from_environment(GIVEN)
    assert settings.brokers() == ["a:9092", "b:9093"]
    assert (settings.partitions, settings.replication, settings.single_broker) == (64, 5, True)
    assert settings.topic("events") == "team.events"
    options = settings.client_options()
    assert options["sasl_plain_password"] == "secret"
    assert options["ssl_cafile"] == "/ca.pem"
    assert "ssl_keyfile" not in options
    assert "secret" not in repr(settings)


def test_what_is_not_given_is_safe() -> None:
    settings = KafkaSettings.from_environment({"RUNSTREAM_KAFKA": "a:1"})
    assert (settings.prefix, settings.partitions, settings.replication) == ("runstream", 32, 3)
    assert not settings.single_broker


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RUNSTREAM_KAFKA", ""),
        ("RUNSTREAM_KAFKA", "no-port"),
        ("RUNSTREAM_PARTITIONS", "0"),
        ("RUNSTREAM_PARTITIONS", "many"),
        ("RUNSTREAM_KAFKA_REPLICATION", "0"),
        ("RUNSTREAM_KAFKA_SECURITY_PROTOCOL", "TLS"),
        ("RUNSTREAM_KAFKA_SASL_MECHANISM", ""),
    ],
)
def test_a_bad_value_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        KafkaSettings.from_environment({**GIVEN, name: value})
