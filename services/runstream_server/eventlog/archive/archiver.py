"""Copies what the logs hold to their archive: an object, then its entry in the manifest.

It may be killed anywhere, and any number may work at once: the archive's end is
asked for before each stretch, and of two entries that begin there one counts.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from runstream_server.eventlog.archive import limits
from runstream_server.eventlog.archive.archive import Archive
from runstream_server.eventlog.archive.segment import SegmentWriter
from runstream_server.eventlog.genesis import LogIdentity
from runstream_server.eventlog.port import (
    EventLog,
    LogMismatchError,
    LogReader,
    LogUnavailableError,
)


class Logs(Protocol):
    """The two logs of a deployment, as they are without an archive."""

    @property
    def events(self) -> EventLog: ...

    @property
    def registry(self) -> EventLog: ...


@dataclass(frozen=True)
class Copied:
    """How far a pass is: records of both logs, and what was written in this pass."""

    done_records: int
    total_records: int
    objects: int = 0
    records: int = 0
    record_bytes: int = 0
    object_bytes: int = 0


OnCopied = Callable[[Copied], None]


def check_contiguous(log: EventLog, archive: Archive) -> None:
    """Raises LogMismatchError when records are neither in the log nor in the archive."""
    for partition, first in sorted(log.first_offsets().items()):
        if first == 0:
            continue
        end = archive.end(log.log, partition)
        if first > end:
            raise gap(log.log, partition, end, first)


def gap(log: str, partition: int, end: int, first: int) -> LogMismatchError:
    return LogMismatchError(
        f"partition {partition} of the {log} log begins at offset {first} in Kafka, and the "
        f"archive ends at {end}: the records {end} to {first - 1} were deleted before they were "
        "archived, and are in neither. Nothing was changed. Restore them from a copy of the "
        "archive or of the topic, or start a new deployment; and let retention.ms be longer than "
        "the archiver may ever be away"
    )


class Archiver:
    """Used by one thread. Raises LogUnavailableError, after which it may be called again, and
    LogMismatchError."""

    def __init__(
        self,
        logs: Logs,
        archive: Archive,
        identity: LogIdentity,
        on_copied: OnCopied | None = None,
        segment_bytes: int = limits.SEGMENT_BYTES,
    ) -> None:
        """on_copied: told after every step, from the same thread."""
        self._logs = logs
        self._archive = archive
        self._identity = identity
        self._on_copied = on_copied
        self._segment_bytes = segment_bytes
        self._copied = Copied(0, 0)

    def run(self, stop: threading.Event) -> Copied | None:
        """Archives all that the logs hold now; None when `stop` was set before."""
        self._archive.claim(self._identity)
        # The registry first: it names the log, and what the events belong to.
        logs = (self._logs.registry, self._logs.events)
        # In this order: meanwhile another archiver may go on.
        begins = {
            log.log: {part: self._archive.end(log.log, part) for part in range(log.partitions)}
            for log in logs
        }
        ends = {log.log: log.end_offsets() for log in logs}
        self._copied = Copied(_sum(begins), _sum(ends))
        for log in logs:
            _check_reaches(log.log, begins[log.log], ends[log.log])
            check_contiguous(log, self._archive)
            for partition, end in ends[log.log].items():
                if not self._copy(log, partition, end, stop):
                    return None
        return self._copied

    def _copy(self, log: EventLog, partition: int, end: int, stop: threading.Event) -> bool:
        while (begin := self._archive.end(log.log, partition)) < end:
            reader = log.open_reader({partition: begin}, [partition])
            with contextlib.closing(reader):
                if not self._copy_from(reader, _Stretch(log.log, partition, begin, end), stop):
                    return False
        return True

    def _copy_from(self, reader: LogReader, stretch: _Stretch, stop: threading.Event) -> bool:
        """Until the stretch ends, or another archiver was quicker; False when stopped."""
        writer = self._writer(stretch, stretch.begin)
        while writer.next < stretch.end:
            if stop.is_set():
                return False
            records = reader.poll(limits.POLL_BYTES, limits.POLL_SECONDS)
            if not records:
                raise LogUnavailableError(
                    f"partition {stretch.partition} of the {stretch.log} log ends at "
                    f"{stretch.end}, and what follows {writer.next} did not come in time"
                )
            for record in records:
                if record.offset >= stretch.end:
                    break
                writer.add(record)
                if writer.record_bytes >= self._segment_bytes or writer.next == stretch.end:
                    if not self._commit(writer):
                        return True
                    writer = self._writer(stretch, writer.next)
            self._tell(writer.count)
        return True

    def _commit(self, writer: SegmentWriter) -> bool:
        """Whether it was ours that counts."""
        segment, data = writer.finish()
        # The log may have been restored elsewhere meanwhile.
        self._archive.check_keeper(self._identity)
        kept = self._archive.add(segment, data)
        copied = self._copied
        if kept != segment:
            return False
        count = segment.next - segment.first
        self._copied = Copied(
            copied.done_records + count,
            copied.total_records,
            copied.objects + 1,
            copied.records + count,
            copied.record_bytes + segment.record_bytes,
            copied.object_bytes + segment.size_bytes,
        )
        return True

    def _writer(self, stretch: _Stretch, first: int) -> SegmentWriter:
        return SegmentWriter(self._identity.log_id, stretch.log, stretch.partition, first)

    def _tell(self, pending: int) -> None:
        if self._on_copied is not None:
            done = self._copied.done_records + pending
            self._on_copied(replace(self._copied, done_records=done))


@dataclass(frozen=True)
class _Stretch:
    """What of a log is to be copied."""

    log: str
    partition: int
    begin: int
    end: int


def _check_reaches(log: str, archived: Mapping[int, int], ends: Mapping[int, int]) -> None:
    for partition, offset in sorted(archived.items()):
        if offset > ends[partition]:
            raise LogMismatchError(
                f"partition {partition} of the {log} log ends at {ends[partition]}, and its "
                f"archive at {offset}: the log lost records that were acknowledged. Nothing "
                "was changed; stop every process before others get their offsets. `runstream "
                "archive restore` makes the log again in topics that are gone or of a new prefix"
            )


def _sum(offsets: Mapping[str, Mapping[int, int]]) -> int:
    return sum(offset for by_partition in offsets.values() for offset in by_partition.values())
