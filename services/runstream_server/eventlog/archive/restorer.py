"""Makes logs again from their archive: every record at its old offset.

A log gives offsets from 0 on without a gap, and an archive holds records from 0 on
without a gap, so copying in order is enough; each offset that comes back is compared.
Killed anywhere, it goes on at the log's end, after comparing what is there already.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from runstream_server.eventlog.archive import limits
from runstream_server.eventlog.archive.archive import Archive
from runstream_server.eventlog.archive.archiver import Logs
from runstream_server.eventlog.archive.errors import ArchiveMismatchError, RestoreError
from runstream_server.eventlog.genesis import LogIdentity, named
from runstream_server.eventlog.port import (
    EVENTS,
    REGISTRY,
    EventLog,
    LogUnavailableError,
    NewRecord,
    Record,
)

Place = tuple[str, int]


@dataclass(frozen=True)
class Plan:
    """What an archive holds, per log and partition, the registry first.

    ends: the first offset that it does not hold. record_bytes: of all values.
    """

    identity: LogIdentity
    ends: dict[Place, int]
    record_bytes: int

    @property
    def records(self) -> int:
        return sum(self.ends.values())


@dataclass(frozen=True)
class Restored:
    """How far it is. found: records that were there already and equal."""

    done_records: int
    total_records: int
    found: int = 0


OnRestored = Callable[[Restored], None]


def plan(archive: Archive) -> Plan:
    """Looks at every entry of the manifest, and at the first record.

    Raises ArchiveUnavailableError, and ArchiveMismatchError for an archive from which no log
    can be made: nothing was archived, a partition does not begin at 0 or has a gap, or the
    registry does not begin with the record that names the log.
    """
    where = archive.objects.describe()
    identity = archive.identity()
    if identity is None:
        raise ArchiveMismatchError(f"Nothing was archived to {where}: there is nothing to restore")
    ends: dict[Place, int] = {}
    record_bytes = 0
    for log, partition in places(identity):
        ends[log, partition] = 0
        for segment in archive.segments(log, partition):
            if segment.log_id != identity.log_id:
                raise ArchiveMismatchError(
                    f"The archive {where} is damaged: {segment.name} is of the log "
                    f"{segment.log_id}, and the archive of {identity.log_id}"
                )
            ends[log, partition] = segment.next
            record_bytes += segment.record_bytes
    _check_genesis(archive, identity)
    return Plan(identity, ends, record_bytes)


def places(identity: LogIdentity) -> list[Place]:
    """Every partition of both logs. The registry first: it names the log."""
    return [(REGISTRY, 0), *((EVENTS, part) for part in range(identity.partitions))]


def _check_genesis(archive: Archive, identity: LogIdentity) -> None:
    first = archive.segment_at(REGISTRY, 0, 0)
    record = next(archive.records(first), None) if first is not None else None
    if record is None or named(record.value) != identity:
        raise ArchiveMismatchError(
            f"The archive {archive.objects.describe()} does not begin with the record that names "
            "the log: no log can be made from it. Nothing was changed"
        )


class Restorer:
    """Used by one thread. Raises LogUnavailableError, after which `run` may be called again,
    ArchiveMismatchError and RestoreError."""

    def __init__(
        self,
        logs: Logs,
        archive: Archive,
        on_restored: OnRestored | None = None,
        chunk_bytes: int = limits.POLL_BYTES,
    ) -> None:
        """logs: nobody else writes to them; an append that fails is not repeated by them.
        on_restored: told after every step, from the same thread."""
        self._logs = logs
        self._archive = archive
        self._on_restored = on_restored
        self._chunk_bytes = chunk_bytes
        # What is known to equal the archive, per partition: to before this offset.
        self._equal: dict[Place, int] = {}
        self._found = 0

    def run(self, plan: Plan, stop: threading.Event) -> Restored | None:
        """Until the logs hold all of it; None when `stop` was set before."""
        if self._logs.events.partitions != plan.identity.partitions:
            raise RestoreError(
                f"the events topic has {self._logs.events.partitions} partitions, and the archive "
                f"is of a log with {plan.identity.partitions}. Nothing was changed; delete the "
                "two topics, or choose another --kafka-prefix"
            )
        logs = {REGISTRY: self._logs.registry, EVENTS: self._logs.events}
        for (name, partition), end in plan.ends.items():
            if not self._partition(logs[name], partition, plan, stop):
                return None
            if (found := logs[name].end_offsets()[partition]) != end:
                raise _spoilt(name, partition, f"it ends at {found}, its archive at {end}")
        return Restored(plan.records, plan.records, self._found)

    def _partition(self, log: EventLog, partition: int, plan: Plan, stop: threading.Event) -> bool:
        place, end = (log.log, partition), plan.ends[log.log, partition]
        there = log.end_offsets()[partition]
        if there > end:
            raise _spoilt(log.log, partition, f"it ends at {there}, its archive at {end}")
        source = self._source(place, self._equal.get(place, 0), end)
        if not self._compare(log, partition, there, source, plan, stop):
            return False
        while self._equal.get(place, 0) < end:
            if stop.is_set():
                return False
            self._append(log, list(_chunk(source, self._chunk_bytes)))
            self._tell(plan)
        return True

    def _compare(
        self,
        log: EventLog,
        partition: int,
        there: int,
        source: Iterator[Record],
        plan: Plan,
        stop: threading.Event,
    ) -> bool:
        place = (log.log, partition)
        begin = self._equal.get(place, 0)
        if begin >= there:
            return True
        reader = log.open_reader({partition: begin}, [partition])
        with contextlib.closing(reader):
            while self._equal.get(place, 0) < there:
                if stop.is_set():
                    return False
                records = reader.poll(limits.POLL_BYTES, limits.POLL_SECONDS)
                if not records:
                    raise LogUnavailableError(f"what partition {partition} holds did not come")
                for record in records:
                    if record != next(source, None):
                        raise _spoilt(
                            log.log, partition, f"its record {record.offset} is another one"
                        )
                    self._equal[place] = record.offset + 1
                self._found += len(records)
                self._tell(plan)
        return True

    def _append(self, log: EventLog, records: list[Record]) -> None:
        offsets = log.append([NewRecord(one.partition, one.value) for one in records])
        if min(offsets) < 0:
            # It has them and does not know where: compared when this is called again.
            raise LogUnavailableError("the broker does not say where records came to")
        for record, offset in zip(records, offsets, strict=True):
            if offset != record.offset:
                raise _spoilt(
                    log.log,
                    record.partition,
                    f"the record {record.offset} came to offset {offset}: somebody else writes "
                    "to it",
                )
        self._equal[log.log, records[-1].partition] = records[-1].offset + 1

    def _source(self, place: Place, offset: int, end: int) -> Iterator[Record]:
        """The archive's records from there on."""
        while offset < end:
            segment = self._archive.segment_at(*place, offset)
            if segment is None:
                raise _spoilt(*place, f"its archive ended at {end}, and now at {offset}")
            for record in self._archive.records(segment):
                if offset <= record.offset < end:
                    yield record
            offset = segment.next

    def _tell(self, plan: Plan) -> None:
        if self._on_restored is not None:
            done = sum(self._equal.values())
            self._on_restored(Restored(done, plan.records, self._found))


def _chunk(source: Iterator[Record], size_bytes: int) -> Iterator[Record]:
    for record in source:
        yield record
        size_bytes -= len(record.value)
        if size_bytes <= 0:
            return


def _spoilt(log: str, partition: int, why: str) -> RestoreError:
    return RestoreError(
        f"partition {partition} of the {log} log is not what the archive holds: {why}. The "
        "restore cannot go on there: delete its topics (those of the two logs, and the one "
        "ending in .restoring), or choose another --kafka-prefix, and restore again"
    )
