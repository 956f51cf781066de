"""Flags of a deployment; each is also RUNSTREAM_<FLAG>."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from runstream_server.blobs.s3_settings import S3Settings, S3SettingsError
from runstream_server.cluster.settings import Deployment
from runstream_server.eventlog.archive.errors import ArchiveSettingError
from runstream_server.eventlog.archive.place import parse_place
from runstream_server.eventlog.kafka.settings import KafkaSettings, SettingsError
from runstream_server.store.address import AddressError, parse_address

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def flag(name: str, help_text: str, **more: Any) -> Decorator:
    """One option with its variable."""
    variable = f"RUNSTREAM_{name.removeprefix('--').replace('-', '_').upper()}"
    return click.option(name, envvar=variable, show_envvar=True, help=help_text, **more)


_KAFKA = [
    flag("--kafka", "Brokers to begin with.", metavar="HOST:PORT,…", default=""),
    flag(
        "--kafka-prefix",
        "The topics are PREFIX.events and PREFIX.registry.",
        default="runstream",
        show_default=True,
    ),
    flag(
        "--partitions",
        "Partitions of the events topic when it is made; it never changes.",
        type=click.IntRange(1),
        default=32,
        show_default=True,
    ),
    flag(
        "--kafka-replication",
        "Copies of each record when a topic is made.",
        type=click.IntRange(1),
        default=3,
        show_default=True,
    ),
    flag(
        "--single-broker",
        "Accept topics with one copy of each record: a lost disk is a lost log.",
        is_flag=True,
    ),
    flag(
        "--kafka-security-protocol",
        "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.",
        default="PLAINTEXT",
        show_default=True,
    ),
    flag("--kafka-sasl-mechanism", "For example SCRAM-SHA-512.", default=""),
    flag("--kafka-sasl-username", "Who we are to the brokers.", default=""),
    flag("--kafka-sasl-password", "Better set by its variable.", default=""),
    flag("--kafka-ssl-cafile", "PEM file: whom to trust.", default="", metavar="FILE"),
    flag("--kafka-ssl-certfile", "PEM file: who we are.", default="", metavar="FILE"),
    flag("--kafka-ssl-keyfile", "PEM file: our key.", default="", metavar="FILE"),
]
_CLICKHOUSE = [
    flag(
        "--clickhouse",
        "The tables: http(s)://user:password@host:8123/database. Better set by its variable.",
        metavar="URL",
        default="",
    ),
    flag(
        "--clickhouse-cluster",
        "The servers' name of the cluster whose replicas --clickhouse lists; empty: one server.",
        metavar="NAME",
        default="",
    ),
]
_ARCHIVE = [
    flag(
        "--archive",
        "Where the log is archived: s3:PREFIX, a folder of the bucket, or an absolute path.  "
        "[default: nowhere]",
        metavar="PLACE",
        default="",
    ),
]
_S3 = [
    flag("--s3-endpoint", "The artifacts, as the services reach them.", metavar="URL", default=""),
    flag("--s3-public-endpoint", "As training nodes reach them.  [default: the same]", default=""),
    flag("--s3-bucket", "It has to exist.", default=""),
    flag("--s3-region", "Part of every signature.", default="us-east-1", show_default=True),
    flag("--s3-prefix", "Folder in the bucket.", default=""),
    flag("--s3-access-key", "Empty: AWS's variables, or the role of the instance.", default=""),
    flag("--s3-secret-key", "Better set by its variable.", default=""),
]


def kafka_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Flags of the log alone."""
    return _with_deployment(command, _KAFKA)


def log_and_store_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Flags of the log, with its archive, and the tables."""
    return _with_deployment(command, [*_KAFKA, *_CLICKHOUSE, *_ARCHIVE, *_S3])


def log_and_blobs_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Flags of the log, with its archive, and the artifacts."""
    return _with_deployment(command, [*_KAFKA, *_ARCHIVE, *_S3])


def archive_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Flags of the archive alone."""
    return _with_deployment(command, [*_ARCHIVE, *_S3])


def deployment_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Flags of everything."""
    return _with_deployment(command, [*_KAFKA, *_CLICKHOUSE, *_ARCHIVE, *_S3])


def _with_deployment(command: Callable[..., Any], options: list[Decorator]) -> Callable[..., Any]:
    """The command gets them as `deployment`."""

    @functools.wraps(command)
    def with_deployment(**flags: Any) -> Any:
        try:
            place = parse_place(flags.pop("archive", ""))
            made = Deployment(_kafka(flags), _clickhouse(flags), _s3(flags), place)
        except (SettingsError, AddressError, S3SettingsError, ArchiveSettingError) as error:
            raise click.UsageError(str(error)) from None
        return command(deployment=made, **flags)

    decorated: Callable[..., Any] = with_deployment
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


def _kafka(flags: dict[str, Any]) -> KafkaSettings | None:
    brokers = flags.pop("kafka", "")
    given = {
        name.removeprefix("kafka_"): flags.pop(name)
        for name in list(flags)
        if name.startswith("kafka_") or name in ("partitions", "single_broker")
    }
    return KafkaSettings(brokers, **given) if brokers else None


def _clickhouse(flags: dict[str, Any]) -> Any:
    url, cluster = flags.pop("clickhouse", ""), flags.pop("clickhouse_cluster", "")
    return parse_address(url, cluster) if url else None


def _s3(flags: dict[str, Any]) -> S3Settings | None:
    given = {
        name.removeprefix("s3_"): flags.pop(name) for name in list(flags) if name.startswith("s3_")
    }
    return S3Settings(**given) if given.get("endpoint") else None
