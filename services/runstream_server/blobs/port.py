"""The port to artifact bytes: who may send or fetch them, and where.

Bytes never pass through the services: a ticket describes one HTTP request, to
this server or to an object store, that its holder may make.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from runstream.v1 import artifacts_pb2 as artifacts


@dataclass(frozen=True)
class Upload:
    """Exactly these bytes, for this place. Every field was validated.

    experiment_id: empty when the caller does not know it.
    """

    run_id: str
    experiment_id: str
    path: str
    upload_id: str
    size_bytes: int
    sha256: bytes


class BlobNotFoundError(Exception):
    """There is no object under that key."""


class Blobs(ABC):
    """A store of objects that never change. Thread-safe."""

    @abstractmethod
    def create_upload(self, upload: Upload) -> artifacts.Ticket:
        """A ticket to send the bytes; `stored` when they are there already.

        The key depends only on run and upload id: asked again, it allows the
        same object. The object is visible when it is whole, never before.
        """

    @abstractmethod
    def create_download(self, object_key: str, file_name: str) -> artifacts.Ticket:
        """A ticket to fetch an object. Raises BlobNotFoundError."""

    @abstractmethod
    def close(self) -> None:
        """Ends the use. May be called twice."""
