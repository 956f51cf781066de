"""Reading partitions from given offsets."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from kafka import TopicPartition
from kafka.errors import KafkaError

from runstream_server.eventlog.kafka import limits
from runstream_server.eventlog.kafka.errors import reason, translated
from runstream_server.eventlog.port import (
    LogMismatchError,
    LogReader,
    LogUnavailableError,
    Record,
)

_log = logging.getLogger(__name__)

# How many records are asked for at once, at most: they are small then.
_RECORDS_MAX = 2000
_STEP_MS = 50


class Fetched:
    """What was fetched and not given out; checks that no record is missing."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._records: deque[Record] = deque()
        self._bytes = 0
        # Of the next record to arrive, and of the next to give out.
        self._arriving: dict[int, int] = {}
        self._next: dict[int, int] = {}
        self._mean_bytes = 64 * 1024.0

    def begin(self, offsets: Mapping[int, int]) -> None:
        """These partitions are read from here on."""
        self.end(offsets)
        self._arriving.update(offsets)
        self._next.update(offsets)

    def end(self, partitions: Iterable[int]) -> None:
        """These are no longer read."""
        gone = set(partitions)
        self._records = deque(one for one in self._records if one.partition not in gone)
        self._bytes = sum(len(one.value) for one in self._records)
        for partition in gone:
            self._arriving.pop(partition, None)
            self._next.pop(partition, None)

    def next_offsets(self) -> dict[int, int]:
        return dict(self._next)

    def __bool__(self) -> bool:
        """Is there anything to give out?"""
        return bool(self._records)

    def missing_bytes(self, max_bytes: int) -> int:
        """How much more there is room for."""
        return max_bytes - self._bytes

    def count_for(self, size_bytes: int) -> int:
        """About how many records have that size."""
        return max(1, min(int(size_bytes / self._mean_bytes), _RECORDS_MAX))

    def add(self, answer: Mapping[Any, Iterable[Any]]) -> None:
        """What a poll of the library returned."""
        for at, records in answer.items():
            for record in records:
                self._add(Record(at.partition, record.offset, record.value))

    def _add(self, record: Record) -> None:
        wanted = self._arriving.get(record.partition)
        if wanted is None or record.offset < wanted:
            # Of a partition that moved, from before it did.
            return
        if record.offset > wanted:
            raise LogMismatchError(
                f"partition {record.partition} of {self._topic} has no record at offset {wanted}; "
                f"the next one is at {record.offset}: records were deleted. Nothing was changed"
            )
        self._arriving[record.partition] = wanted + 1
        self._records.append(record)
        self._bytes += len(record.value)
        self._mean_bytes += (len(record.value) + 100 - self._mean_bytes) / 16

    def take(self, max_bytes: int) -> list[Record]:
        """The next records, at least one where there is one."""
        taken: list[Record] = []
        room = max_bytes
        while self._records and (room > 0 or not taken):
            record = self._records.popleft()
            room -= len(record.value)
            self._next[record.partition] = record.offset + 1
            taken.append(record)
        self._bytes -= sum(len(one.value) for one in taken)
        return taken


class KafkaReader(LogReader):
    """Reads the partitions that it is told to, from where it is told to."""

    def __init__(self, consumer: Any, topic: str, ends: Callable[[], dict[int, int]]) -> None:
        """consumer: of its own. ends: where the log ends, asked through another connection;
        raises LogMismatchError when the log is not to be used."""
        self._consumer = consumer
        self._topic = topic
        self._ends = ends
        self._fetched = Fetched(topic)

    def begin(self, offsets: Mapping[int, int]) -> None:
        """Exactly these partitions, from these offsets."""
        with translated(f"reading {self._topic}"):
            self._consumer.assign([self._at(partition) for partition in offsets])
            for partition, offset in offsets.items():
                self._consumer.seek(self._at(partition), offset)
        self._fetched.begin(offsets)

    def poll(self, max_bytes: int, timeout_seconds: float) -> list[Record]:
        now = time.monotonic()
        deadline, give_up = now + timeout_seconds, now + timeout_seconds + limits.READ_SECONDS
        wait_ms = timeout_seconds * 1000
        while True:
            self._prepare()
            with translated(f"reading {self._topic}"):
                self._fetch(max_bytes, wait_ms)
            settled = self._is_settled()
            if settled and (records := self._fetched.take(max_bytes)):
                return records
            now = time.monotonic()
            wait_ms = _STEP_MS
            if now < deadline:
                wait_ms = (deadline - now) * 1000
            elif not settled or not self._is_behind():
                return []
            elif now > give_up:
                raise LogUnavailableError(f"reading {self._topic}: nothing came in time")

    def offsets(self) -> dict[int, int]:
        return self._fetched.next_offsets()

    def close(self) -> None:
        try:
            self._consumer.close(autocommit=False, timeout_ms=limits.CLOSE_MS)
        except KafkaError as error:
            # What is to be told is the error that the reader is closed for.
            _log.warning("closing a reader of %s: %s", self._topic, reason(error))

    def _prepare(self) -> None:
        """Before each fetch."""

    def _is_settled(self) -> bool:
        """What was fetched may be given out now."""
        return True

    def _fetch(self, max_bytes: int, wait_ms: float) -> None:
        """Waits only while there is nothing to give out."""
        while (room := self._fetched.missing_bytes(max_bytes)) > 0:
            wait = wait_ms if room == max_bytes else 0
            answer = self._consumer.poll(wait, max_records=self._fetched.count_for(room))
            if not answer:
                return
            self._fetched.add(answer)

    def _is_behind(self) -> bool:
        """Is there anything at the end of the log that was not read?"""
        offsets = self._fetched.next_offsets()
        if not offsets:
            return False
        ends = self._ends()
        for partition, offset in offsets.items():
            if ends[partition] < offset:
                raise LogMismatchError(
                    f"partition {partition} of {self._topic} ends at {ends[partition]}, and was "
                    f"read up to {offset}: it lost records or was made again. Nothing was "
                    "changed; put the right log in place, or rebuild the tables from this one"
                )
        return any(ends[partition] > offset for partition, offset in offsets.items())

    def _at(self, partition: int) -> Any:
        return TopicPartition(self._topic, partition)
