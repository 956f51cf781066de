"""The port to the event log: append, read from an offset, ask for the end.

A log has partitions; within one, records have consecutive offsets from 0.
Order between partitions means nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from runstream_server.errors import AwayError

EVENTS = "events"
REGISTRY = "registry"
#: Where a member of a group wants a partition not to begin yet.
HELD = -1


class NewRecord(NamedTuple):
    """A record to append."""

    partition: int
    value: bytes


class Record(NamedTuple):
    """A record as read back."""

    partition: int
    offset: int
    value: bytes


class LogUnavailableError(AwayError):
    """The log could not take or give records now.

    After an append that raised this the records may be in the log or not:
    the same bytes may be appended again, readers drop what comes twice.
    """

    said = (
        "The event log cannot be reached now. What was acknowledged is safe; the same call may "
        "be repeated as it is. Try again in a moment."
    )


class LogFullError(LogUnavailableError):
    """As many bytes are on their way as this process may hold; nothing was appended."""


class LogMismatchError(Exception):
    """The logs are not those of one deployment, or lost records: nothing may go on."""


class LogReader(ABC):
    """Reads partitions of a log in order. Used by one thread."""

    @abstractmethod
    def poll(self, max_bytes: int, timeout_seconds: float) -> list[Record]:
        """The next records, in order within each partition.

        Blocks until there is at least one record or the timeout has passed
        (then the list is empty: whatever was appended before the call has been
        read). Returns about `max_bytes` at most, but always at least one record,
        so that a large one gets through. What it returned is not returned again
        by this reader. Raises LogUnavailableError, and LogMismatchError when the
        log no longer has what was to be read.
        """

    @abstractmethod
    def offsets(self) -> dict[int, int]:
        """Per partition the offset of the next record that poll returns."""

    @abstractmethod
    def close(self) -> None:
        """Frees what the reader holds. May be called twice."""


class Member(ABC):
    """What a group reader asks of whoever uses it; called by its `poll`, on that thread."""

    @abstractmethod
    def begin(self, partitions: Collection[int]) -> dict[int, int]:
        """These are read from now on: the offset to begin each at.

        What was remembered about them is stale: somebody else may have read
        them. A partition that is not in the answer begins at 0; one at HELD is
        not read before the reader's `rewind`.
        """

    @abstractmethod
    def end(self, partitions: Collection[int]) -> None:
        """These are read by somebody else from now on."""


class GroupReader(LogReader):
    """Reads the partitions that fall to one member of a group.

    Members come and go; partitions move between them. Each partition has a
    reader soon after; while one moves, two may read it, and `poll` may come back
    with nothing. `offsets` has only the partitions that are read now.
    """

    @property
    @abstractmethod
    def rebalances(self) -> int:
        """How often partitions came or went, the first time included."""

    @abstractmethod
    def rewind(self) -> None:
        """Every partition it has begins again, where the member says, at the next `poll`."""


class EventLog(ABC):
    """One log. All methods may be called from any thread, also at once."""

    #: Which log it is in positions: EVENTS or REGISTRY.
    log: str
    #: How many partitions it has; never changes.
    partitions: int

    @abstractmethod
    def append(self, records: Sequence[NewRecord]) -> list[int]:
        """Appends the records and returns the offset of each.

        Blocks until all of them survive a power cut. Records of one call and
        one partition keep their order and are readable together. Raises
        LogUnavailableError, LogFullError among them, LogMismatchError, and
        ValueError for a partition that does not exist.
        """

    @abstractmethod
    def end_offsets(self) -> dict[int, int]:
        """Per partition the offset that the next append will get.

        Includes every append that has returned. Raises LogUnavailableError.
        """

    def first_offsets(self) -> dict[int, int]:
        """Per partition the offset of the first record that is kept.

        Raises LogUnavailableError. A log that keeps everything answers 0.
        """
        return dict.fromkeys(range(self.partitions), 0)

    @abstractmethod
    def open_reader(
        self, offsets: Mapping[int, int], only: Collection[int] | None = None
    ) -> LogReader:
        """A reader that begins at these offsets; a partition not named, at 0.

        only: of these partitions alone.
        """

    def open_group_reader(self, group: str, member: Member) -> GroupReader:
        """A reader that shares the partitions with all others of that group.

        Where a log has but one process, that reads everything.
        """
        return SoleReader(self, member)

    @abstractmethod
    def close(self) -> None:
        """Ends the use of the log: waiting appends are finished first.

        May be called twice. Appending afterwards raises LogUnavailableError.
        """


class SoleReader(GroupReader):
    """The only member of its group."""

    def __init__(self, log: EventLog, member: Member) -> None:
        self._log = log
        self._member = member
        self._reader: LogReader | None = None
        self._begun = 0

    @property
    def rebalances(self) -> int:
        return min(self._begun, 1)

    def poll(self, max_bytes: int, timeout_seconds: float) -> list[Record]:
        if self._reader is None:
            begin = self._member.begin(range(self._log.partitions))
            read = [one for one in range(self._log.partitions) if begin.get(one, 0) != HELD]
            self._reader = self._log.open_reader(begin, read)
            self._begun += 1
        return self._reader.poll(max_bytes, timeout_seconds)

    def offsets(self) -> dict[int, int]:
        return {} if self._reader is None else self._reader.offsets()

    def rewind(self) -> None:
        self.close()

    def close(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()
