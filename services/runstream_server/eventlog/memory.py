"""Logs in memory: for tests, and the reference for what a log does."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence

from runstream_server.eventlog.ends import Ends
from runstream_server.eventlog.port import (
    EVENTS,
    REGISTRY,
    EventLog,
    LogReader,
    LogUnavailableError,
    NewRecord,
    Record,
)


class MemoryEventLog(EventLog):
    """Keeps its records in lists, and nothing beyond the process."""

    def __init__(self, log: str, partitions: int) -> None:
        self.log = log
        self.partitions = partitions
        self._values: list[list[bytes]] = [[] for _ in range(partitions)]
        self._lock = threading.Lock()
        self._ends = Ends(dict.fromkeys(range(partitions), 0))
        self._closed = False

    def append(self, records: Sequence[NewRecord]) -> list[int]:
        _check_partitions(records, self.partitions)
        with self._lock:
            if self._closed:
                raise LogUnavailableError("the log is closed")
            offsets = []
            for record in records:
                values = self._values[record.partition]
                offsets.append(len(values))
                values.append(bytes(record.value))
            self._ends.move({index: len(values) for index, values in enumerate(self._values)})
            return offsets

    def end_offsets(self) -> dict[int, int]:
        return self._ends.now()

    def open_reader(
        self, offsets: Mapping[int, int], only: Collection[int] | None = None
    ) -> LogReader:
        partitions = range(self.partitions) if only is None else only
        begin = {partition: offsets.get(partition, 0) for partition in partitions}
        return _MemoryReader(self._values, self._ends, begin)

    def close(self) -> None:
        with self._lock:
            self._closed = True


class _MemoryReader(LogReader):
    def __init__(
        self, values: Sequence[Sequence[bytes]], ends: Ends, offsets: Mapping[int, int]
    ) -> None:
        self._values = values
        self._ends = ends
        self._next = dict(offsets)

    def poll(self, max_bytes: int, timeout_seconds: float) -> list[Record]:
        ends = self._ends.wait_beyond(self._next, timeout_seconds)
        records: list[Record] = []
        room = max_bytes
        for partition in self._next:
            end = ends[partition]
            while self._next[partition] < end and (room > 0 or not records):
                offset = self._next[partition]
                value = self._values[partition][offset]
                records.append(Record(partition, offset, value))
                self._next[partition] = offset + 1
                room -= len(value)
        return records

    def offsets(self) -> dict[int, int]:
        return dict(self._next)

    def close(self) -> None:
        """Nothing is held."""


class MemoryLogs:
    """The two logs of a deployment."""

    def __init__(self, partitions: int) -> None:
        self.events: EventLog = MemoryEventLog(EVENTS, partitions)
        self.registry: EventLog = MemoryEventLog(REGISTRY, 1)

    def close(self) -> None:
        """Closes both."""
        self.events.close()
        self.registry.close()


def _check_partitions(records: Sequence[NewRecord], partitions: int) -> None:
    for record in records:
        if not 0 <= record.partition < partitions:
            raise ValueError(f"partition {record.partition} of {partitions}")
