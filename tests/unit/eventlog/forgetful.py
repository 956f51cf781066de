"""A log in memory that deletes its oldest records when it is told to."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from runstream_server.eventlog.memory import MemoryEventLog
from runstream_server.eventlog.port import EVENTS, REGISTRY, LogMismatchError, LogReader, Record


class ForgetfulLog(MemoryEventLog):
    """Readers that come to a deleted record are told so, as a broker does."""

    def __init__(self, log: str, partitions: int) -> None:
        super().__init__(log, partitions)
        self._first = dict.fromkeys(range(partitions), 0)

    def forget(self, partition: int, before: int) -> None:
        self._first[partition] = before

    def first_offsets(self) -> dict[int, int]:
        return dict(self._first)

    def open_reader(
        self, offsets: Mapping[int, int], only: Collection[int] | None = None
    ) -> LogReader:
        return _Reader(super().open_reader(offsets, only), self)


class _Reader(LogReader):
    def __init__(self, inner: LogReader, log: ForgetfulLog) -> None:
        self._inner = inner
        self._log = log

    def poll(self, max_bytes: int, timeout_seconds: float) -> list[Record]:
        firsts = self._log.first_offsets()
        for partition, offset in self._inner.offsets().items():
            if offset < firsts[partition]:
                raise LogMismatchError(f"{offset} was deleted")
        return self._inner.poll(max_bytes, timeout_seconds)

    def offsets(self) -> dict[int, int]:
        return self._inner.offsets()

    def close(self) -> None:
        self._inner.close()


class ForgetfulLogs:
    """The two logs of a deployment."""

    def __init__(self, partitions: int) -> None:
        self.events = ForgetfulLog(EVENTS, partitions)
        self.registry = ForgetfulLog(REGISTRY, 1)
