"""The topics that a log is restored into: looked at, kept to oneself, given free."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kafka import TopicPartition

from runstream_server.eventlog.archive.errors import RestoreError
from runstream_server.eventlog.kafka import clients, limits, topics
from runstream_server.eventlog.kafka.errors import translated
from runstream_server.eventlog.kafka.settings import KafkaSettings


@dataclass(frozen=True)
class Target:
    """The topics as they are.

    begun: a restore into them was begun and has not finished. records: in both together.
    incarnation: of the log in them; empty while one of the two is missing.
    """

    begun: bool
    records: int
    names: tuple[str, ...]
    incarnation: str


def look(settings: KafkaSettings) -> Target:
    """Changes nothing. Raises RestoreError for topics that hold records of somebody else, and
    LogUnavailableError."""
    with _administration(settings) as admin:
        found = topics.describe(admin, settings)
        begun = topics.is_restoring(admin, settings)
    records = sum(_ends(settings, topic) for topic in found.values())
    if records and not begun:
        held = " and ".join(topic.name for topic in found.values())
        raise RestoreError(
            f"{held} holds {records} records, and a log is restored into topics that are gone or "
            "empty. Nothing was changed; choose another --kafka-prefix, or delete the two topics "
            "if nothing in them is wanted any more"
        )
    names = tuple(topic.name for topic in found.values())
    return Target(begun, records, names, topics.incarnation(found) if len(found) == 2 else "")


def begin(settings: KafkaSettings) -> None:
    """No process but this one comes in from now on. May be called again."""
    with _administration(settings) as admin:
        topics.begin_restoring(admin, settings)


def end(settings: KafkaSettings) -> None:
    """Every process may come in. May be called again."""
    with _administration(settings) as admin:
        topics.end_restoring(admin, settings)


@contextlib.contextmanager
def _administration(settings: KafkaSettings) -> Iterator[Any]:
    with (
        translated(f"connecting to Kafka at {settings.bootstrap}"),
        contextlib.closing(clients.administration(settings)) as admin,
    ):
        yield admin


def _ends(settings: KafkaSettings, topic: topics.Topic) -> int:
    ats = [TopicPartition(topic.name, partition) for partition in range(topic.partitions)]
    with translated(f"asking where {topic.name} ends"):
        consumer = clients.consumer(settings)
        try:
            return sum(consumer.end_offsets(ats, timeout_ms=limits.REQUEST_MS).values())
        finally:
            consumer.close(autocommit=False, timeout_ms=limits.CLOSE_MS)
