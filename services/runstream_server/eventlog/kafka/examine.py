"""Looking at a log without changing it: for `runstream doctor`."""

from __future__ import annotations

import contextlib
from typing import NamedTuple

from runstream_server.eventlog.kafka import clients, topics
from runstream_server.eventlog.kafka.errors import translated
from runstream_server.eventlog.kafka.settings import KafkaSettings
from runstream_server.eventlog.port import LogMismatchError


class Topics(NamedTuple):
    """The two topics as they are: those that are there, by log, and what is wrong."""

    found: dict[str, topics.Topic]
    problems: tuple[str, ...]


def examine_topics(settings: KafkaSettings) -> Topics:
    """Raises LogUnavailableError when no broker answers."""
    with (
        translated(f"connecting to Kafka at {settings.bootstrap}"),
        contextlib.closing(clients.administration(settings)) as admin,
    ):
        found = topics.describe(admin, settings)
        if topics.is_restoring(admin, settings):
            return Topics(found, (topics.restoring_sentence(settings),))
        if len(found) < 2:
            return Topics(found, ())
        try:
            return Topics(found, tuple(topics.problems(admin, settings, found)))
        except LogMismatchError as error:
            return Topics(found, (str(error),))
