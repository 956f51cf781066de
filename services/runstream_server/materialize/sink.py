"""What a consumer of a log does with the records it read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence

from runstream_server.eventlog.port import Record


class Sink(ABC):
    """Folds records of one log into the tables of one generation.

    Used by one thread. Any method may raise StoreError; the consumer then
    calls `forget`, and `start` before the next record. Partitions may come
    later, and go: `start` and `forget` say which.
    """

    #: Under which name the applied offsets of this sink are kept.
    name: str

    @abstractmethod
    def start(self, applied: Mapping[int, int]) -> dict[int, int]:
        """Make ready for more partitions, by what is applied of each; returns where to
        read them from. What the tables say was applied before this call is in them."""

    @abstractmethod
    def flush(self, records: Sequence[Record]) -> None:
        """Fold the records, in the order of the log.

        On return they are in the tables, and so are their applied offsets.
        After an error any part of them may be, and the same records come
        again.
        """

    @abstractmethod
    def forget(self, partitions: Collection[int] | None = None) -> None:
        """Drop what was remembered about the tables; of these partitions, or of all."""
