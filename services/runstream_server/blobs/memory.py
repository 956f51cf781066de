"""Artifacts in memory, with uploads in parts: for tests, and to read how the port is meant."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from runstream.v1 import artifacts_pb2 as artifacts
from runstream_server.blobs.parts import PART_BYTES, Part, part_size_bytes
from runstream_server.blobs.port import (
    BlobNotFoundError,
    Blobs,
    PartsOf,
    Upload,
    UploadConflictError,
    UploadLostError,
)
from runstream_server.blobs.tickets import VALID_MS, Signer, TicketError

URL_PREFIX = "memory:"


@dataclass
class _Begun:
    upload: Upload
    parts: dict[int, bytes] = field(default_factory=dict)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class MemoryBlobs(Blobs):
    """`Blobs` in a dictionary. `receive` and `open` are what a ticket's requests would do."""

    def __init__(self, now_ms: Callable[[], int] = _now_ms) -> None:
        self._signer = Signer()
        self._now_ms = now_ms
        self._guard = threading.Lock()
        self._objects: dict[str, bytes] = {}
        # By parts_id, which is the object's key.
        self._begun: dict[str, _Begun] = {}

    def create_upload(self, upload: Upload) -> artifacts.Ticket:
        key = f"{upload.run_id}/{upload.upload_id}"
        with self._guard:
            if self._is_stored(key, upload.size_bytes, upload.sha256):
                return artifacts.Ticket(object_key=key, stored=True)
            if upload.in_parts and upload.size_bytes > PART_BYTES:
                return self._in_parts(key, upload)
        return self._ticket("PUT", key, sha256=upload.sha256.hex())

    def create_download(self, object_key: str, file_name: str) -> artifacts.Ticket:
        with self._guard:
            if object_key not in self._objects:
                raise BlobNotFoundError(object_key)
        return self._ticket("GET", object_key, name=file_name)

    def create_parts(
        self, of: PartsOf, parts: Sequence[Part], again: bool = False
    ) -> list[artifacts.Ticket]:
        with self._guard:
            if again and of.parts_id not in self._begun:
                raise UploadLostError("no such upload")
        return [
            self._ticket("PUT", of.parts_id, number=part.number, sha256=part.sha256.hex())
            for part in parts
        ]

    def complete_upload(
        self, of: PartsOf, size_bytes: int, sha256: bytes, parts: Sequence[Part]
    ) -> artifacts.Ticket:
        key = f"{of.run_id}/{of.upload_id}"
        with self._guard:
            if not self._is_stored(key, size_bytes, sha256):
                begun = self._begun.get(of.parts_id)
                if begun is None or _parts(begun) != list(parts):
                    raise UploadLostError("parts are missing")
                self._objects[key] = b"".join(begun.parts[part.number] for part in parts)
                del self._begun[of.parts_id]
        return artifacts.Ticket(object_key=key, stored=True)

    def receive(self, ticket: artifacts.Ticket, data: bytes) -> None:
        """What a PUT does. Raises TicketError and UploadLostError."""
        claims = self._claims(ticket, "PUT")
        if hashlib.sha256(data).hexdigest() != claims["sha256"]:
            raise TicketError("the bytes have another SHA-256")
        with self._guard:
            if "number" not in claims:
                self._objects[claims["key"]] = data
            elif claims["key"] in self._begun:
                self._begun[claims["key"]].parts[claims["number"]] = data
            else:
                raise UploadLostError("no such upload")

    def open(self, ticket: artifacts.Ticket) -> bytes:
        """What a GET answers. Raises TicketError."""
        return self._objects[self._claims(ticket, "GET")["key"]]

    def close(self) -> None:
        """Nothing is held."""

    def _is_stored(self, key: str, size_bytes: int, sha256: bytes) -> bool:
        there = self._objects.get(key)
        if there is None:
            return False
        if (len(there), hashlib.sha256(there).digest()) != (size_bytes, sha256):
            raise UploadConflictError("other bytes are stored under this upload id")
        return True

    def _in_parts(self, key: str, upload: Upload) -> artifacts.Ticket:
        begun = self._begun.setdefault(key, _Begun(upload))
        stored = [artifacts.Part(**part._asdict()) for part in _parts(begun)]
        parts = artifacts.Parts(
            parts_id=key, part_size_bytes=part_size_bytes(upload.size_bytes), stored=stored
        )
        return artifacts.Ticket(object_key=key, expires_ms=self._now_ms() + VALID_MS, parts=parts)

    def _ticket(self, method: str, key: str, **claims: Any) -> artifacts.Ticket:
        expires_ms = self._now_ms() + VALID_MS
        token = self._signer.token({"does": method, "key": key, **claims}, expires_ms)
        return artifacts.Ticket(
            method=method, url=URL_PREFIX + token, object_key=key, expires_ms=expires_ms
        )

    def _claims(self, ticket: artifacts.Ticket, does: str) -> Any:
        claims = self._signer.claims(ticket.url.removeprefix(URL_PREFIX), self._now_ms())
        if claims["does"] != does:
            raise TicketError(f"the ticket is for {claims['does']}")
        return claims


def _parts(begun: _Begun) -> list[Part]:
    return [
        Part(number, len(data), hashlib.sha256(data).digest())
        for number, data in sorted(begun.parts.items())
    ]
