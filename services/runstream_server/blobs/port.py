"""The port to artifact bytes: who may send or fetch them, and where.

Bytes never pass through the services: a ticket describes HTTP requests, to
this server or to an object store, that its holder may make.

    Exception
    ├── BlobNotFoundError      nothing is stored under that key
    ├── UploadConflictError    the upload id was used for other bytes
    ├── UploadLostError        no such upload in parts, or parts are missing: begin again
    └── StoreUnavailableError  the store does not answer, or refuses us; try again
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from runstream.v1 import artifacts_pb2 as artifacts
from runstream_server.blobs.parts import Part


@dataclass(frozen=True)
class Upload:
    """Exactly these bytes, for this place. Every field was validated.

    experiment_id: empty when the caller does not know it.
    in_parts: the caller can send several requests.
    """

    run_id: str
    experiment_id: str
    path: str
    upload_id: str
    size_bytes: int
    sha256: bytes
    in_parts: bool = False


class PartsOf(NamedTuple):
    """An upload in parts that is under way. Every field was validated."""

    run_id: str
    upload_id: str
    parts_id: str


class BlobNotFoundError(Exception):
    """There is no object under that key."""


class UploadConflictError(Exception):
    """Other bytes are stored under that upload id, for ever."""


class UploadLostError(Exception):
    """What was sent so far is not there (any more): ask for the upload again."""


class StoreUnavailableError(Exception):
    """The store gave no answer that could be used. The message says why and what to do."""


class Blobs(ABC):
    """A store of objects that never change. Thread-safe.

    Every call may raise StoreUnavailableError, and may be repeated then.
    """

    @abstractmethod
    def create_upload(self, upload: Upload) -> artifacts.Ticket:
        """A ticket to send the bytes; `stored` when they are there already.

        The key depends only on run and upload id: asked again, it allows the
        same object. The object is visible when it is whole, never before.
        A ticket with `parts` (only where `in_parts`) names the parts that an
        earlier attempt brought. Raises UploadConflictError.
        """

    @abstractmethod
    def create_download(self, object_key: str, file_name: str) -> artifacts.Ticket:
        """A ticket to fetch an object. Raises BlobNotFoundError."""

    def create_parts(
        self, of: PartsOf, parts: Sequence[Part], again: bool = False
    ) -> list[artifacts.Ticket]:
        """A ticket for each part: exactly the bytes of its SHA-256.

        again: raises UploadLostError when the upload is not there any more;
        without it only sending the part tells.
        """
        raise UploadLostError("this store takes uploads in one piece")

    def complete_upload(
        self, of: PartsOf, size_bytes: int, sha256: bytes, parts: Sequence[Part]
    ) -> artifacts.Ticket:
        """Makes the object visible; a ticket with `stored`. May be asked again.

        The store holds exactly these parts then, each with its SHA-256.
        Raises UploadLostError: nothing is visible. Raises UploadConflictError.
        """
        raise UploadLostError("this store takes uploads in one piece")

    @abstractmethod
    def close(self) -> None:
        """Ends the use. May be called twice."""
