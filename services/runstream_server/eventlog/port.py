"""The port to the event log: append, read from an offset, ask for the end.

A log has partitions; within one, records have consecutive offsets from 0.
Order between partitions means nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import NamedTuple

EVENTS = "events"
REGISTRY = "registry"


class NewRecord(NamedTuple):
    """A record to append."""

    partition: int
    value: bytes


class Record(NamedTuple):
    """A record as read back."""

    partition: int
    offset: int
    value: bytes


class LogUnavailableError(Exception):
    """The log could not take or give records now.

    After an append that raised this the records may be in the log or not:
    the same bytes may be appended again, readers drop what comes twice.
    """


class LogReader(ABC):
    """Reads every partition of a log in order. Used by one thread."""

    @abstractmethod
    def poll(self, max_bytes: int, timeout_seconds: float) -> list[Record]:
        """The next records, in order within each partition.

        Blocks until there is at least one record or the timeout has passed
        (then the list is empty). Returns about `max_bytes` at most, but always
        at least one record, so that a large one gets through. What it returned
        is not returned again by this reader. Raises LogUnavailableError.
        """

    @abstractmethod
    def offsets(self) -> dict[int, int]:
        """Per partition the offset of the next record that poll returns."""

    @abstractmethod
    def close(self) -> None:
        """Frees what the reader holds. May be called twice."""


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
        LogUnavailableError, and ValueError for a partition that does not exist.
        """

    @abstractmethod
    def end_offsets(self) -> dict[int, int]:
        """Per partition the offset that the next append will get.

        Includes every append that has returned. Raises LogUnavailableError.
        """

    @abstractmethod
    def open_reader(self, offsets: Mapping[int, int]) -> LogReader:
        """A reader that begins at these offsets; a partition not named, at 0."""

    @abstractmethod
    def close(self) -> None:
        """Ends the use of the log: waiting appends are finished first.

        May be called twice. Appending afterwards raises LogUnavailableError.
        """
