"""Reading one partition from the archive."""

from __future__ import annotations

from collections.abc import Iterator

from runstream_server.eventlog.archive.archive import Archive
from runstream_server.eventlog.archive.archiver import gap
from runstream_server.eventlog.port import EventLog, Record


class Cursor:
    """Used by one thread. Holds one object in memory at most."""

    def __init__(self, log: EventLog, archive: Archive, partition: int, offset: int) -> None:
        """log: where it goes on when the archive ends."""
        self._log = log
        self._archive = archive
        self.partition = partition
        #: Of the next record.
        self.offset = offset
        self._records: Iterator[Record] = iter(())

    def take(self, max_bytes: int) -> list[Record]:
        """The next records, at least one; none when the log has what comes next.

        Raises LogMismatchError when neither has it.
        """
        taken: list[Record] = []
        room = max_bytes
        while room > 0 or not taken:
            record = next(self._records, None)
            if record is None:
                if not self._advance():
                    break
            elif record.offset >= self.offset:
                taken.append(record)
                self.offset = record.offset + 1
                room -= len(record.value)
        if not taken:
            self._check()
        return taken

    def _advance(self) -> bool:
        """On to the object that holds the next record; False at the archive's end."""
        segment = self._archive.segment_at(self._log.log, self.partition, self.offset)
        if segment is None:
            return False
        self._records = self._archive.records(segment)
        return True

    def _check(self) -> None:
        first = self._log.first_offsets()[self.partition]
        if first <= self.offset or self._archive.end(self._log.log, self.partition) > self.offset:
            # Or the archive has grown meanwhile: whoever reads on there finds out.
            return
        raise gap(self._log.log, self.partition, self.offset, first)
