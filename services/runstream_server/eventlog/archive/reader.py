"""Reading archive, then log, without a gap."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

from runstream_server.eventlog.archive.archive import Archive
from runstream_server.eventlog.archive.cursor import Cursor
from runstream_server.eventlog.port import EventLog, LogMismatchError, LogReader, Record


class ArchivedReader(LogReader):
    """Partitions whose next record the log has deleted come from the archive, one after the
    other, to its end; then all come from the log.

    Should the log delete what is next to be read while this reads, it goes back
    to the archive.
    """

    def __init__(self, log: EventLog, archive: Archive, offsets: Mapping[int, int]) -> None:
        """offsets: of exactly the partitions to read."""
        self._log = log
        self._archive = archive
        self._next = dict(offsets)
        self._reader: LogReader | None = None
        self._cursors: deque[Cursor] = deque()
        self._look_back()

    def poll(self, max_bytes: int, timeout_seconds: float) -> list[Record]:
        while True:
            if records := self._from_archive(max_bytes):
                break
            try:
                if self._reader is None:
                    self._reader = self._log.open_reader(self._next, list(self._next))
                records = self._reader.poll(max_bytes, timeout_seconds)
                break
            except LogMismatchError:
                self.close()
                if not self._look_back():
                    raise
        for record in records:
            self._next[record.partition] = record.offset + 1
        return records

    def offsets(self) -> dict[int, int]:
        return dict(self._next)

    def close(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def _look_back(self) -> bool:
        """Is anything to be read that the log does not have any more?"""
        firsts = self._log.first_offsets()
        self._cursors = deque(
            Cursor(self._log, self._archive, partition, offset)
            for partition, offset in self._next.items()
            if offset < firsts[partition]
        )
        return bool(self._cursors)

    def _from_archive(self, max_bytes: int) -> list[Record]:
        while self._cursors:
            if records := self._cursors[0].take(max_bytes):
                return records
            self._cursors.popleft()
        return []
