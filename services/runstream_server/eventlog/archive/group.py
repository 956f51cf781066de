"""One member of a group, some of whose partitions come from the archive for a while."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from runstream_server.eventlog.archive.archive import Archive
from runstream_server.eventlog.archive.cursor import Cursor
from runstream_server.eventlog.port import (
    HELD,
    EventLog,
    GroupReader,
    LogMismatchError,
    Member,
    Record,
)


class ArchivedGroupReader(GroupReader):
    """A partition whose next record the log has deleted is held there, and comes from the
    archive; at the archive's end it is let go where it is. The others are read on meanwhile."""

    def __init__(self, log: EventLog, archive: Archive, group: str, member: Member) -> None:
        self._log = log
        self._archive = archive
        self._between = _Between(log, archive, member)
        self._reader = log.open_group_reader(group, self._between)
        self._archive_next = False

    @property
    def rebalances(self) -> int:
        return self._reader.rebalances

    def poll(self, max_bytes: int, timeout_seconds: float) -> list[Record]:
        while True:
            # In turns, so that neither side waits for the other's end.
            self._archive_next = not self._archive_next
            if self._archive_next and (records := self._from_archive(max_bytes)):
                return records
            behind = bool(self._between.cursors)
            try:
                records = self._reader.poll(max_bytes, 0.0 if behind else timeout_seconds)
            except LogMismatchError:
                if not self._fall_back():
                    raise
                continue
            if records or not (behind or self._between.cursors):
                return records

    def offsets(self) -> dict[int, int]:
        return {**self._reader.offsets(), **self._between.offsets()}

    def rewind(self) -> None:
        self._between.forget()
        self._reader.rewind()

    def close(self) -> None:
        self._between.forget()
        self._reader.close()

    def _from_archive(self, max_bytes: int) -> list[Record]:
        for cursor in list(self._between.cursors.values()):
            if records := cursor.take(max_bytes):
                return records
            # The log has what comes next: it is begun there.
            del self._between.cursors[cursor.partition]
            self._begin_again({cursor.partition: cursor.offset})
        return []

    def _fall_back(self) -> bool:
        """Has the log deleted what was next to be read? Then that is begun again."""
        firsts = self._log.first_offsets()
        if all(offset >= firsts[part] for part, offset in self._reader.offsets().items()):
            return False
        self._begin_again({})
        return True

    def _begin_again(self, at: Mapping[int, int]) -> None:
        """Every partition where it is, these there."""
        self._between.begin_at({**self._reader.offsets(), **at})
        self._reader.rewind()


class _Between(Member):
    """What the log's reader asks instead of the member itself."""

    def __init__(self, log: EventLog, archive: Archive, member: Member) -> None:
        self._log = log
        self._archive = archive
        self._member = member
        # Where partitions are that we made begin again: nobody else read them since.
        self._at: dict[int, int] = {}
        #: Of the partitions that come from the archive.
        self.cursors: dict[int, Cursor] = {}

    def offsets(self) -> dict[int, int]:
        return {partition: cursor.offset for partition, cursor in self.cursors.items()}

    def begin_at(self, offsets: Mapping[int, int]) -> None:
        """What `begin` answers for these instead of the member."""
        self._at.update(offsets)

    def forget(self) -> None:
        """The member is asked for everything."""
        self._at.clear()
        self.cursors.clear()

    def begin(self, partitions: Collection[int]) -> dict[int, int]:
        at = self._at | self.offsets()
        known = {one: at[one] for one in partitions if one in at}
        asked = [one for one in partitions if one not in known]
        offsets = dict.fromkeys(partitions, 0) | known
        if asked:
            offsets |= self._member.begin(asked)
        firsts = self._log.first_offsets()
        for partition in partitions:
            self._at.pop(partition, None)
            if offsets[partition] < firsts[partition]:
                self._place(partition, offsets[partition])
                offsets[partition] = HELD
            else:
                self.cursors.pop(partition, None)
        return offsets

    def end(self, partitions: Collection[int]) -> None:
        for partition in partitions:
            self._at.pop(partition, None)
            self.cursors.pop(partition, None)
        self._member.end(partitions)

    def _place(self, partition: int, offset: int) -> None:
        cursor = self.cursors.get(partition)
        if cursor is None or cursor.offset != offset:
            self.cursors[partition] = Cursor(self._log, self._archive, partition, offset)
