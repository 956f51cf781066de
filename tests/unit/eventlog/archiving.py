"""A deployment in memory whose log forgets, and its archive in a folder."""

from __future__ import annotations

import threading
from pathlib import Path

from runstream_server.eventlog.archive.archive import Archive
from runstream_server.eventlog.archive.archiver import Archiver, Copied
from runstream_server.eventlog.archive.folder import FolderObjects
from runstream_server.eventlog.archive.log import archived
from runstream_server.eventlog.genesis import LogIdentity, establish
from runstream_server.eventlog.port import EventLog, LogReader, NewRecord, Record
from tests.unit.eventlog.forgetful import ForgetfulLogs

PARTITIONS = 2
SMALL = 50
POLL_BYTES = 25


class Deployment:
    """Logs with some records, and an archive that is empty."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logs = ForgetfulLogs(PARTITIONS)
        self.identity: LogIdentity = establish(self.logs.events, self.logs.registry)
        self.values: dict[int, list[bytes]] = {0: [], 1: []}
        self.append(40)

    def append(self, count: int) -> None:
        for index in range(count):
            value = f"value {index} ".encode() * (index % 4)
            self.logs.events.append([NewRecord(index % 2, value)])
            self.values[index % 2].append(value)

    def open(self) -> Archive:
        return Archive(FolderObjects(self.folder))

    def archive(self, archive: Archive | None = None) -> Copied:
        copied = Archiver(
            self.logs, archive or self.open(), self.identity, segment_bytes=SMALL
        ).run(threading.Event())
        assert copied is not None
        return copied

    def read(self, log: EventLog | None = None) -> dict[int, list[bytes]]:
        reader = (log or archived(self.logs, self.open()).events).open_reader({})
        return by_partition(drained(reader))


def drained(reader: LogReader) -> list[Record]:
    records: list[Record] = []
    while polled := reader.poll(POLL_BYTES, 0.0):
        records += polled
    reader.close()
    return records


def by_partition(records: list[Record]) -> dict[int, list[bytes]]:
    """Their values, which must be without a gap from 0."""
    found: dict[int, list[bytes]] = {part: [] for part in range(PARTITIONS)}
    for record in records:
        assert record.offset == len(found[record.partition])
        found[record.partition].append(record.value)
    return found
