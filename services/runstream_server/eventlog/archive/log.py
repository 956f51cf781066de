"""A log whose beginning is in an archive: to whoever reads it, one log from offset 0."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from runstream_server.eventlog.archive.archive import Archive
from runstream_server.eventlog.archive.archiver import Logs
from runstream_server.eventlog.archive.group import ArchivedGroupReader
from runstream_server.eventlog.archive.reader import ArchivedReader
from runstream_server.eventlog.port import EventLog, GroupReader, LogReader, Member, NewRecord


class ArchivedLog(EventLog):
    """Appends to the log itself; reads from the archive what that has deleted."""

    def __init__(self, log: EventLog, archive: Archive) -> None:
        self.log = log.log
        self.partitions = log.partitions
        self._log = log
        self._archive = archive

    def append(self, records: Sequence[NewRecord]) -> list[int]:
        return self._log.append(records)

    def end_offsets(self) -> dict[int, int]:
        return self._log.end_offsets()

    def open_reader(
        self, offsets: Mapping[int, int], only: Collection[int] | None = None
    ) -> LogReader:
        partitions = range(self.partitions) if only is None else only
        begin = {partition: offsets.get(partition, 0) for partition in partitions}
        return ArchivedReader(self._log, self._archive, begin)

    def open_group_reader(self, group: str, member: Member) -> GroupReader:
        return ArchivedGroupReader(self._log, self._archive, group, member)

    def close(self) -> None:
        self._log.close()


class ArchivedLogs(NamedTuple):
    """Both logs of a deployment."""

    events: EventLog
    registry: EventLog


def archived(logs: Logs, archive: Archive) -> ArchivedLogs:
    """Both logs with their archive."""
    return ArchivedLogs(ArchivedLog(logs.events, archive), ArchivedLog(logs.registry, archive))
