"""A log of its own on a broker, and a bucket of its own for its archive."""

from __future__ import annotations

import os
import threading
from contextlib import closing
from typing import Any

from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from runstream_server.eventlog.archive.archive import Archive
from runstream_server.eventlog.archive.archiver import Archiver, Copied
from runstream_server.eventlog.archive.log import archived
from runstream_server.eventlog.archive.s3 import S3Objects
from runstream_server.eventlog.genesis import establish
from runstream_server.eventlog.kafka.logs import KafkaLogs
from runstream_server.eventlog.kafka.settings import KafkaSettings
from runstream_server.eventlog.port import EventLog, NewRecord, Record
from tests.integration.eventlog.archiving_process import SEGMENT_BYTES
from tests.servers.s3 import S3Server


class Place:
    """A log of its own on the broker, and a bucket of its own for the archive."""

    def __init__(self, settings: KafkaSettings, s3: S3Server) -> None:
        self.settings = settings
        self.s3 = s3
        self.bucket = s3.new_bucket()
        self.logs = KafkaLogs(settings)
        identity = establish(self.logs.events, self.logs.registry)
        self.identity = identity._replace(incarnation=self.logs.incarnation)
        self.admin: Any = KafkaAdminClient(bootstrap_servers=settings.brokers())

    def archive(self) -> Archive:
        return Archive(S3Objects(self.s3.settings(self.bucket), "archive"))

    def run(self, segment_bytes: int = SEGMENT_BYTES) -> Copied:
        archiver = Archiver(self.logs, self.archive(), self.identity, segment_bytes=segment_bytes)
        copied = archiver.run(threading.Event())
        assert copied is not None
        return copied

    def forget(self, before: dict[int, int]) -> None:
        """The broker deletes these records."""
        topic = self.settings.topic("events")
        self.admin.delete_records(
            {TopicPartition(topic, partition): offset for partition, offset in before.items()}
        )

    def set_retention(self, **milliseconds: str) -> None:
        configs = {name.replace("_", "."): value for name, value in milliseconds.items()}
        resource = ConfigResource(ConfigResourceType.TOPIC, self.settings.topic("events"), configs)
        self.admin.alter_configs([resource])

    def fill(self, count: int, size_bytes: int = 1000) -> None:
        """Into partitions 0 and 1."""
        self.logs.events.append(
            [NewRecord(index % 2, os.urandom(size_bytes)) for index in range(count)]
        )

    def log(self) -> EventLog:
        return archived(self.logs, self.archive()).events

    def close(self) -> None:
        self.admin.close()
        self.logs.close()


def read(log: EventLog) -> dict[int, list[bytes]]:
    """Everything; without a gap from 0."""
    found: dict[int, list[bytes]] = {partition: [] for partition in range(log.partitions)}
    with closing(log.open_reader({})) as reader:
        while records := reader.poll(1 << 18, 0.0):
            keep(found, records)
    return found


def keep(found: dict[int, list[bytes]], records: list[Record]) -> None:
    for record in records:
        assert record.offset == len(found[record.partition])
        found[record.partition].append(record.value)
