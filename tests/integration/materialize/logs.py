"""Logs made of requests, and stores that fail when they are told to."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

from runstream.v1 import events_pb2 as pb
from runstream_server.eventlog.genesis import LogIdentity, establish
from runstream_server.eventlog.memory import MemoryLogs
from runstream_server.eventlog.port import NewRecord
from runstream_server.store.engine import Params, Result, Store
from runstream_server.store.errors import StoreError
from tests.unit.folds.oracle_log import Logged

PARTITIONS = 2

Moment = Literal["before", "after"]


def partition_of(stream_id: str) -> int:
    return int(stream_id[-1], 16) % PARTITIONS


class GrowingLog:
    """Logs in memory, and what was appended, in the order that folds see."""

    def __init__(self) -> None:
        self.logs = MemoryLogs(PARTITIONS)
        self.identity: LogIdentity = establish(self.logs.events, self.logs.registry)
        self._records: defaultdict[int, list[Logged]] = defaultdict(list)

    def append(self, requests: Iterable[pb.AppendRequest]) -> None:
        for request in requests:
            partition = partition_of(request.stream_id)
            new = NewRecord(partition, request.SerializeToString())
            (offset,) = self.logs.events.append([new])
            self._records[partition].append(Logged(offset, request))

    def append_bytes(self, partition: int, value: bytes) -> int:
        (offset,) = self.logs.events.append([NewRecord(partition, value)])
        return offset

    @property
    def records(self) -> list[Logged]:
        return [one for partition in sorted(self._records) for one in self._records[partition]]


class FailingStore(Store):
    """An open store, some of whose inserts fail."""

    def __init__(self, inner: Store) -> None:
        self._inner = inner
        self.place = inner.place
        self._inserts = 0
        self._failures: dict[int, Moment] = {}

    def fail(self, after_inserts: int, moment: Moment) -> None:
        """Fail at the insert that comes after so many, before or after it is written."""
        self._failures[self._inserts + after_inserts] = moment

    def query(self, sql: str, params: Params | None = None) -> Result:
        return self._inner.query(sql, params)

    def command(self, sql: str, params: Params | None = None, *, repeat: bool = True) -> None:
        self._inner.command(sql, params, repeat=repeat)

    def insert_native(
        self, table: str, columns: Sequence[str], blocks: bytes | Sequence[bytes | memoryview]
    ) -> None:
        moment = self._failures.pop(self._inserts, None)
        self._inserts += 1
        if moment == "before":
            raise StoreError("failed before the insert")
        self._inner.insert_native(table, columns, blocks)
        if moment == "after":
            raise StoreError("failed after the insert")
