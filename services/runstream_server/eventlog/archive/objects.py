"""The port to object storage: named pieces of bytes that are written once."""

from __future__ import annotations

from abc import ABC, abstractmethod


class Objects(ABC):
    """All methods may be called from any thread; all raise ArchiveUnavailableError.

    A name is relative, with "/" between folders and its name.
    """

    @abstractmethod
    def put(self, name: str, data: bytes) -> bool:
        """Stores an object unless there is one of that name; whether it did.

        When it returns, the object survives a power cut and is seen whole by
        everyone, or not at all. Of several callers at once one is answered True.
        After an error it may be stored or not: the same call may be made again.
        """

    @abstractmethod
    def get(self, name: str) -> bytes | None:
        """The bytes of an object; None when there is none."""

    @abstractmethod
    def names(self, folder: str, after: str = "") -> list[str]:
        """The objects right in a folder, by their last names, in order.

        after: only those that come behind it. What `put` returned for is included.
        """

    @abstractmethod
    def describe(self) -> str:
        """Where it is, for people; holds no secret."""

    @abstractmethod
    def close(self) -> None:
        """Ends connections. May be called twice."""
