"""Flags and variables of a deployment, and what is said of bad ones."""

from __future__ import annotations

from typing import Any

import click
import pytest
from click.testing import CliRunner

from runstream_server.cluster.command import doctor, service
from runstream_server.cluster.errors import SettingError
from runstream_server.cluster.options import deployment_options
from runstream_server.cluster.settings import Deployment

ENVIRONMENT = {
    "RUNSTREAM_KAFKA": "a:9092,b:9092",
    "RUNSTREAM_KAFKA_PREFIX": "team",
    "RUNSTREAM_PARTITIONS": "7",
    "RUNSTREAM_SINGLE_BROKER": "true",
    "RUNSTREAM_KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
    "RUNSTREAM_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
    "RUNSTREAM_KAFKA_SASL_PASSWORD": "kafka-secret",
    "RUNSTREAM_CLICKHOUSE": "http://me:click-secret@h:8123/db",
    "RUNSTREAM_S3_ENDPOINT": "http://s3:9000",
    "RUNSTREAM_S3_BUCKET": "bucket",
    "RUNSTREAM_S3_ACCESS_KEY": "key",
    "RUNSTREAM_S3_SECRET_KEY": "s3-secret",
}


def made(*flags: str, **env: str) -> Deployment:
    found: list[Deployment] = []

    @click.command()
    @deployment_options
    def command(deployment: Deployment) -> None:
        found.append(deployment)

    result = CliRunner().invoke(command, flags, env=env)
    if result.exit_code:
        raise AssertionError(result.output)
    return found[0]


def test_every_setting_is_a_variable() -> None:
    deployment = made(**ENVIRONMENT)
    kafka, store, s3 = deployment.log(), deployment.store(), deployment.blobs()
    assert kafka.brokers() == ["a:9092", "b:9092"]
    assert (kafka.prefix, kafka.partitions, kafka.single_broker) == ("team", 7, True)
    assert (kafka.security_protocol, kafka.sasl_password) == ("SASL_SSL", "kafka-secret")
    assert (store.hosts, store.database, store.password) == (
        (("h", 8123),),
        "db",
        "click-secret",
    )
    assert (s3.endpoint, s3.bucket, s3.secret_key) == ("http://s3:9000", "bucket", "s3-secret")


def test_flags_beat_variables() -> None:
    assert made("--kafka", "c:1", **ENVIRONMENT).log().brokers() == ["c:1"]


def test_no_secret_is_shown() -> None:
    assert "secret" not in repr(made(**ENVIRONMENT)).replace("_secret", "").replace("secret_", "")


def test_what_is_missing_is_named() -> None:
    nothing = made()
    for ask, variable in (
        (nothing.log, "RUNSTREAM_KAFKA"),
        (nothing.store, "RUNSTREAM_CLICKHOUSE"),
        (nothing.blobs, "RUNSTREAM_S3_ENDPOINT"),
    ):
        with pytest.raises(SettingError, match=variable):
            ask()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("RUNSTREAM_KAFKA_SECURITY_PROTOCOL", "MAGIC"),
        ("RUNSTREAM_CLICKHOUSE", "ftp://h"),
        ("RUNSTREAM_S3_BUCKET", "No"),
    ],
)
def test_a_bad_value_is_named(variable: str, value: str) -> None:
    env = {**ENVIRONMENT, variable: value}
    result = CliRunner().invoke(doctor, [], env=env)
    assert result.exit_code == 2
    assert variable in result.output


def test_every_role_describes_itself() -> None:
    for command in service.commands.values():
        result: Any = CliRunner().invoke(command, ["--help"])
        assert result.exit_code == 0
        for option in command.params:
            assert option.envvar, f"{command.name} {option.name} has no variable"
