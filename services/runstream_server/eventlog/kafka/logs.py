"""The two logs of a deployment on Kafka, in the same shape as the other ones."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kafka import TopicPartition

from runstream_server.eventlog.kafka import clients, limits, topics
from runstream_server.eventlog.kafka.append import Appender, Room
from runstream_server.eventlog.kafka.errors import translated
from runstream_server.eventlog.kafka.group import KafkaGroupReader
from runstream_server.eventlog.kafka.reader import KafkaReader
from runstream_server.eventlog.kafka.settings import KafkaSettings
from runstream_server.eventlog.port import (
    EVENTS,
    REGISTRY,
    EventLog,
    GroupReader,
    LogMismatchError,
    LogReader,
    LogUnavailableError,
    Member,
    NewRecord,
)

_log = logging.getLogger(__name__)

_CONNECT_PAUSE_SECONDS = 0.5


class KafkaLogs:
    """Both logs, their producer, and the guard that looks after the topics.

    Make it in the process that uses it: the clients do not survive a fork.
    Raises LogUnavailableError when no broker is there in time, TopicError when
    a topic would lose records, LogMismatchError when one is not ours.
    """

    def __init__(
        self, settings: KafkaSettings, on_fault: Callable[[str], None] | None = None
    ) -> None:
        """on_fault: told once, from any thread, that the logs were replaced: the process must
        end. Every call raises LogMismatchError from then on."""
        self._settings = settings
        self._on_fault = on_fault
        self._fault = ""
        self._topics = _connected(settings)
        if warning := topics.risk(settings):
            _log.warning("%s", warning)
        self._room = Room(settings.room_bytes)
        self._appender = Appender(lambda: clients.producer(settings), self._room)
        self._ends = _Ends(settings)
        self.events: EventLog = KafkaEventLog(self, EVENTS)
        self.registry: EventLog = KafkaEventLog(self, REGISTRY)
        self._closed = threading.Event()
        self._guard = threading.Thread(target=self._watch, name="log-guard", daemon=True)
        self._guard.start()

    def topic(self, log: str) -> topics.Topic:
        """The topic of a log, as it was at the start."""
        return self._topics[log]

    def check(self) -> None:
        """Raises LogMismatchError when the logs were found to be replaced."""
        if self._fault:
            raise LogMismatchError(self._fault)

    def append(self, topic: str, records: Sequence[NewRecord]) -> list[int]:
        """See EventLog.append."""
        self.check()
        return self._appender.append(topic, records)

    def end_offsets(self, topic: str, partitions: int) -> dict[int, int]:
        """See EventLog.end_offsets."""
        self.check()
        return self._ends.now(topic, partitions)

    def open_reader(self, log: EventLog, offsets: Mapping[int, int]) -> LogReader:
        """See EventLog.open_reader."""
        self.check()
        topic = self.topic(log.log).name
        with translated(f"reading {topic}"):
            consumer = clients.consumer(self._settings)
        reader = KafkaReader(consumer, topic, log.end_offsets)
        reader.begin(offsets)
        return reader

    def open_group_reader(self, log: EventLog, group: str, member: Member) -> GroupReader:
        """See EventLog.open_group_reader."""
        self.check()
        topic = self.topic(log.log).name
        with translated(f"reading {topic}"):
            consumer = clients.member(self._settings, self._settings.group(group, log.log))
            return KafkaGroupReader(consumer, topic, member, log.end_offsets)

    def in_flight_bytes(self) -> int:
        """What is on its way to the broker."""
        return self._room.taken_bytes()

    def close(self) -> None:
        """Waiting appends are finished first. May be called twice."""
        self._closed.set()
        self._appender.close()
        self._ends.close()
        self._guard.join()

    def _watch(self) -> None:
        with contextlib.ExitStack() as closing:
            self._guard_topics(closing)

    def _guard_topics(self, closing: contextlib.ExitStack) -> None:
        admin: Any = None
        while not self._closed.wait(self._settings.guard_seconds):
            try:
                with translated("looking at the topics"):
                    if admin is None:
                        admin = clients.administration(self._settings)
                        closing.callback(admin.close)
                    found = topics.describe(admin, self._settings)
            except LogUnavailableError as error:
                _log.warning("the topics are looked at again in a moment: %s", error)
                continue
            if fault := topics.changed(self._topics, found):
                self._fault = fault
                _log.error("%s", fault)
                if self._on_fault is not None:
                    self._on_fault(fault)
                return


class KafkaEventLog(EventLog):
    """One of the two logs."""

    def __init__(self, logs: KafkaLogs, log: str) -> None:
        self.log = log
        self._logs = logs
        topic = logs.topic(log)
        self._topic = topic.name
        self.partitions = topic.partitions

    def append(self, records: Sequence[NewRecord]) -> list[int]:
        for record in records:
            if not 0 <= record.partition < self.partitions:
                raise ValueError(f"partition {record.partition} of {self.partitions}")
        return self._logs.append(self._topic, records)

    def end_offsets(self) -> dict[int, int]:
        return self._logs.end_offsets(self._topic, self.partitions)

    def open_reader(self, offsets: Mapping[int, int]) -> LogReader:
        every = {partition: offsets.get(partition, 0) for partition in range(self.partitions)}
        return self._logs.open_reader(self, every)

    def open_group_reader(self, group: str, member: Member) -> GroupReader:
        return self._logs.open_group_reader(self, group, member)

    def close(self) -> None:
        """Closes the other log as well."""
        self._logs.close()


class _Ends:
    """Asks where topics end. Thread-safe: the client behind it is not."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._consumer: Any = None
        self._closed = False

    def now(self, topic: str, partitions: int) -> dict[int, int]:
        ats = [TopicPartition(topic, partition) for partition in range(partitions)]
        with self._lock, translated(f"asking where {topic} ends"):
            if self._closed:
                raise LogUnavailableError("the log is closed")
            if self._consumer is None:
                self._consumer = clients.consumer(self._settings)
            ends = self._consumer.end_offsets(ats, timeout_ms=limits.REQUEST_MS)
            return {at.partition: end for at, end in ends.items()}

    def close(self) -> None:
        with self._lock, translated("closing"):
            self._closed = True
            consumer, self._consumer = self._consumer, None
            if consumer is not None:
                consumer.close(autocommit=False, timeout_ms=limits.REQUEST_MS)


def _connected(settings: KafkaSettings) -> dict[str, topics.Topic]:
    """The topics, as soon as a broker answers."""
    deadline = time.monotonic() + settings.connect_seconds
    while True:
        try:
            with (
                translated(f"connecting to Kafka at {settings.bootstrap}"),
                contextlib.closing(clients.administration(settings)) as admin,
            ):
                return topics.ensure(admin, settings)
        except (LogUnavailableError, topics.TooFewBrokersError) as error:
            if time.monotonic() > deadline:
                raise
            _log.warning("waiting for Kafka: %s", error)
            time.sleep(_CONNECT_PAUSE_SECONDS)
