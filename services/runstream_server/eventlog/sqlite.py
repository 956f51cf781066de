"""Both logs of an embedded server in one SQLite file.

One table per partition, its integer primary key the offset. One thread writes:
it takes everything that waits, commits it in one transaction (WAL,
synchronous=FULL: the commit is on the disk when it returns) and wakes all.
Readers have connections of their own and never wait for the writer.
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from runstream_server.eventlog.ends import Ends
from runstream_server.eventlog.groups import Append, Groups
from runstream_server.eventlog.port import (
    EVENTS,
    REGISTRY,
    EventLog,
    LogReader,
    LogUnavailableError,
    NewRecord,
    Record,
)

# Large records fill few pages: 430 MB/s where pages of 4 KB gave 220.
_PAGE_BYTES = 32 * 1024
# The WAL is copied into the file each time it has grown by 32 MB: seldom
# enough to cost little, small enough that the pause stays below 0.1 s.
_CHECKPOINT_PAGES = 32 * 1024 * 1024 // _PAGE_BYTES
# What a burst grew the WAL to beyond this is given back.
_WAL_KEPT_BYTES = 128 * 1024 * 1024
# A commit takes no more than this at once, so that nobody waits for a convoy.
_COMMIT_MAX_BYTES = 16 * 1024 * 1024
# For a person who looks into the file with another tool.
_BUSY_SECONDS = 20.0

_log = logging.getLogger(__name__)


class SqliteLogs:
    """The file, its writer thread and its two logs.

    Raises LogUnavailableError when the file cannot be opened or is no log.
    """

    def __init__(self, path: Path, partitions: int) -> None:
        self._path = path
        counts = {EVENTS: partitions, REGISTRY: 1}
        try:
            self._writing = _opened(path)
            ends = _prepared(self._writing, counts)
        except sqlite3.Error as error:
            raise LogUnavailableError(
                f"{path} cannot be opened as an event log: {error}"
            ) from error
        self._ends = {log: Ends(offsets) for log, offsets in ends.items()}
        self._groups = Groups(_COMMIT_MAX_BYTES)
        self.events: EventLog = SqliteEventLog(self, EVENTS, partitions)
        self.registry: EventLog = SqliteEventLog(self, REGISTRY, 1)
        self._thread = threading.Thread(target=self._write, name="log-writer", daemon=True)
        self._thread.start()

    def submit(self, log: str, records: Sequence[NewRecord]) -> list[int]:
        """Hands records to the writer and waits for their commit."""
        return self._groups.put(log, records).result()

    def ends(self, log: str) -> Ends:
        """Where a log ends."""
        return self._ends[log]

    def open_reader(self, log: str, offsets: Mapping[int, int]) -> LogReader:
        """A reader of these partitions with a connection of its own."""
        return _SqliteReader(self._path, log, self._ends[log], offsets)

    def close(self) -> None:
        """Commits what waits, then closes the file. May be called twice."""
        self._groups.close()
        self._thread.join()

    def _write(self) -> None:
        while (group := self._groups.take()) is not None:
            try:
                self._commit(group)
            except Exception as error:
                # Whoever waits gets the error; the writer goes on with the next.
                self._fail(group, error)
        self._writing.close()

    def _commit(self, group: Sequence[Append]) -> None:
        ends = {log: log_ends.now() for log, log_ends in self._ends.items()}
        given: list[list[int]] = []
        with _transaction(self._writing):
            for append in group:
                offsets = []
                for partition, value in append.records:
                    offset = ends[append.log][partition]
                    self._writing.execute(_insert(append.log, partition), (offset, value))
                    ends[append.log][partition] = offset + 1
                    offsets.append(offset)
                given.append(offsets)
        for log in {append.log for append in group}:
            self._ends[log].move(ends[log])
        for append, offsets in zip(group, given, strict=True):
            append.done.set_result(offsets)

    def _fail(self, group: Sequence[Append], error: Exception) -> None:
        _log.exception("a commit to %s failed", self._path)
        # It may be on the disk all the same: ask the file. Where that fails as
        # well, so will the next commit, and asks again.
        with contextlib.suppress(sqlite3.Error):
            for log, ends in self._ends.items():
                ends.move(_end_offsets(self._writing, log, len(ends.now())))
        reason = LogUnavailableError(f"the event log {self._path} could not be written: {error}")
        for append in group:
            append.done.set_exception(reason)


class SqliteEventLog(EventLog):
    """One of the two logs of the file."""

    def __init__(self, logs: SqliteLogs, log: str, partitions: int) -> None:
        self.log = log
        self.partitions = partitions
        self._logs = logs

    def append(self, records: Sequence[NewRecord]) -> list[int]:
        for record in records:
            if not 0 <= record.partition < self.partitions:
                raise ValueError(f"partition {record.partition} of {self.partitions}")
        return self._logs.submit(self.log, records)

    def end_offsets(self) -> dict[int, int]:
        return self._logs.ends(self.log).now()

    def open_reader(
        self, offsets: Mapping[int, int], only: Collection[int] | None = None
    ) -> LogReader:
        partitions = range(self.partitions) if only is None else only
        begin = {partition: offsets.get(partition, 0) for partition in partitions}
        return self._logs.open_reader(self.log, begin)

    def close(self) -> None:
        """Closes the file, and so the other log as well."""
        self._logs.close()


class _SqliteReader(LogReader):
    def __init__(self, path: Path, log: str, ends: Ends, offsets: Mapping[int, int]) -> None:
        self._reading = _connected(path)
        self._reading.execute("PRAGMA query_only = ON")
        self._log = log
        self._ends = ends
        self._next = dict(offsets)
        # Which partition is asked first: it rotates, so that none starves.
        self._first = 0

    def poll(self, max_bytes: int, timeout_seconds: float) -> list[Record]:
        ends = self._ends.wait_beyond(self._next, timeout_seconds)
        records: list[Record] = []
        room = max_bytes
        partitions = list(self._next)
        for step in range(len(partitions)):
            partition = partitions[(self._first + step) % len(partitions)]
            if self._next[partition] < ends[partition] and (room > 0 or not records):
                room -= self._read(partition, ends[partition], room, records)
        self._first = (self._first + 1) % max(len(partitions), 1)
        return records

    def _read(self, partition: int, end: int, room: int, records: list[Record]) -> int:
        """Appends records of one partition; returns how many bytes they have."""
        size = 0
        rows = self._reading.cursor()
        try:
            rows.execute(_select(self._log, partition), (self._next[partition], end))
            for offset, value in rows:
                records.append(Record(partition, offset, value))
                self._next[partition] = offset + 1
                size += len(value)
                if size >= room:
                    break
        except sqlite3.Error as error:
            raise LogUnavailableError(f"the event log could not be read: {error}") from error
        finally:
            # An open statement would keep the WAL from starting over.
            rows.close()
        return size

    def offsets(self) -> dict[int, int]:
        return dict(self._next)

    def close(self) -> None:
        self._reading.close()


def _connected(path: Path) -> sqlite3.Connection:
    # Transactions are begun by hand; each connection is used by one thread at
    # a time, which need not be the one that opened it.
    return sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )


def _opened(path: Path) -> sqlite3.Connection:
    connection = _connected(path)
    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise sqlite3.OperationalError(f"this file system gives journal_mode={mode}, not WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")
    connection.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    connection.execute(f"PRAGMA journal_size_limit = {_WAL_KEPT_BYTES}")
    return connection


def _prepared(connection: sqlite3.Connection, counts: dict[str, int]) -> dict[str, dict[int, int]]:
    """Makes the tables that are missing; returns the end offsets."""
    with _transaction(connection):
        for log, partitions in counts.items():
            for partition in range(partitions):
                connection.execute(
                    f"CREATE TABLE IF NOT EXISTS {_table(log, partition)}"
                    " (offset INTEGER PRIMARY KEY, value BLOB NOT NULL)"
                )
    return {log: _end_offsets(connection, log, partitions) for log, partitions in counts.items()}


def _end_offsets(connection: sqlite3.Connection, log: str, partitions: int) -> dict[int, int]:
    ends = {}
    for partition in range(partitions):
        query = f"SELECT max(offset) FROM {_table(log, partition)}"
        last = connection.execute(query).fetchone()[0]
        ends[partition] = 0 if last is None else last + 1
    return ends


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _table(log: str, partition: int) -> str:
    return f"{log}_{partition}"


def _insert(log: str, partition: int) -> str:
    return f"INSERT INTO {_table(log, partition)} (offset, value) VALUES (?, ?)"


def _select(log: str, partition: int) -> str:
    return (
        f"SELECT offset, value FROM {_table(log, partition)}"
        " WHERE offset >= ? AND offset < ? ORDER BY offset"
    )
