"""The two logs of a deployment on Kafka, in the same shape as the other ones."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from kafka import TopicPartition

from runstream_server.eventlog.kafka import clients, limits, topics
from runstream_server.eventlog.kafka.append import Appender, Room
from runstream_server.eventlog.kafka.errors import translated
from runstream_server.eventlog.kafka.group import KafkaGroupReader
from runstream_server.eventlog.kafka.reached import Reached, lost
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
        self._stopping = threading.Lock()
        self._topics = _connected(settings)
        if warning := topics.risk(settings):
            _log.warning("%s", warning)
        self._room = Room(settings.room_bytes)
        self._appender = Appender(
            # Records that are restored have to come to their old offsets, not twice.
            lambda: clients.producer(settings),
            self._room,
            again=not settings.restoring,
        )
        self._ends = _Ends(settings)
        self._reached = Reached()
        self.events: EventLog = KafkaEventLog(self, EVENTS)
        self.registry: EventLog = KafkaEventLog(self, REGISTRY)
        self._closed = threading.Event()
        self._guard = threading.Thread(target=self._watch, name="log-guard", daemon=True)
        self._guard.start()

    def topic(self, log: str) -> topics.Topic:
        """The topic of a log, as it was at the start."""
        return self._topics[log]

    @property
    def incarnation(self) -> str:
        """Another one for topics that were made again, or elsewhere."""
        return topics.incarnation(self._topics)

    def check(self) -> None:
        """Raises LogMismatchError when the logs were found to be replaced."""
        if self._fault:
            raise LogMismatchError(self._fault)

    def append(self, topic: str, records: Sequence[NewRecord]) -> list[int]:
        """See EventLog.append."""
        self.check()
        before = self._reached.before()
        offsets = self._appender.append(topic, records)
        # A broker that has a batch already and forgot where says -1.
        places = zip((record.partition for record in records), offsets, strict=True)
        found = {partition: at for partition, at in places if at >= 0}
        self._hold(lost(before, topic, found))
        self._reached.note(topic, {partition: at + 1 for partition, at in found.items()})
        return offsets

    def end_offsets(self, topic: str, partitions: int) -> dict[int, int]:
        """See EventLog.end_offsets."""
        self.check()
        before = self._reached.before()
        ends = self._ends.now(topic, partitions)
        self._hold(lost(before, topic, ends))
        self._reached.note(topic, ends)
        return ends

    def first_offsets(self, topic: str, partitions: int) -> dict[int, int]:
        """See EventLog.first_offsets."""
        self.check()
        return self._ends.first(topic, partitions)

    def events_since(self, time_ms: int) -> dict[int, int]:
        """Per partition of the events the first offset that was appended then or later;
        where there is none, the end."""
        self.check()
        topic = self._topics[EVENTS]
        return self._ends.since(topic.name, topic.partitions, time_ms)

    def retention_ms(self) -> int:
        """How long the topic of the events keeps a record now; KEEP: for ever."""
        self.check()
        with (
            translated("looking at the topics"),
            contextlib.closing(clients.administration(self._settings)) as admin,
        ):
            return topics.retention_ms(admin, self._settings)

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
            name = self._settings.group(group, log.log)
            consumer = clients.member(self._settings, name, topic, log.partitions)
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

    def _hold(self, fault: str) -> None:
        """Nothing is used any more when there is a fault."""
        if fault:
            self._stop(fault)
            self.check()

    def _stop(self, fault: str) -> None:
        with self._stopping:
            if self._fault:
                return
            self._fault = fault
        _log.error("%s", fault)
        if self._on_fault is not None:
            self._on_fault(fault)

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
                    fault = topics.fault(admin, self._settings, self._topics)
            except LogUnavailableError as error:
                _log.warning("the topics are looked at again in a moment: %s", error)
                continue
            if fault:
                self._stop(fault)
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

    def first_offsets(self) -> dict[int, int]:
        return self._logs.first_offsets(self._topic, self.partitions)

    def open_reader(
        self, offsets: Mapping[int, int], only: Collection[int] | None = None
    ) -> LogReader:
        partitions = range(self.partitions) if only is None else only
        begin = {partition: offsets.get(partition, 0) for partition in partitions}
        return self._logs.open_reader(self, begin)

    def open_group_reader(self, group: str, member: Member) -> GroupReader:
        return self._logs.open_group_reader(self, group, member)

    def close(self) -> None:
        """Closes the other log as well."""
        self._logs.close()


class _Ends:
    """Asks where topics begin and end. Thread-safe: the client behind it is not."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._consumer: Any = None
        self._closed = False

    def now(self, topic: str, partitions: int) -> dict[int, int]:
        with self._asking(f"asking where {topic} ends") as consumer:
            ends = consumer.end_offsets(_ats(topic, partitions), timeout_ms=limits.REQUEST_MS)
            return {at.partition: end for at, end in ends.items()}

    def first(self, topic: str, partitions: int) -> dict[int, int]:
        ats = _ats(topic, partitions)
        with self._asking(f"asking where {topic} begins") as consumer:
            firsts = consumer.beginning_offsets(ats, timeout_ms=limits.REQUEST_MS)
            return {at.partition: first for at, first in firsts.items()}

    def since(self, topic: str, partitions: int, time_ms: int) -> dict[int, int]:
        times = dict.fromkeys(_ats(topic, partitions), time_ms)
        ends = self.now(topic, partitions)
        with self._asking(f"asking {topic} for a time") as consumer:
            found = consumer.offsets_for_times(times, timeout_ms=limits.REQUEST_MS)
            return {
                at.partition: ends[at.partition] if one is None else one.offset
                for at, one in found.items()
            }

    @contextlib.contextmanager
    def _asking(self, doing: str) -> Iterator[Any]:
        with self._lock, translated(doing):
            if self._closed:
                raise LogUnavailableError("the log is closed")
            if self._consumer is None:
                self._consumer = clients.consumer(self._settings)
            yield self._consumer

    def close(self) -> None:
        with self._lock, translated("closing"):
            self._closed = True
            consumer, self._consumer = self._consumer, None
            if consumer is not None:
                consumer.close(autocommit=False, timeout_ms=limits.REQUEST_MS)


def _ats(topic: str, partitions: int) -> list[Any]:
    return [TopicPartition(topic, partition) for partition in range(partitions)]


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
