"""Artifacts in a folder of this machine.

    .objects/<run>/<upload id>              the bytes, never changed
    .incoming/<random>                      an upload in hand
    <experiment>/<run>/artifacts/<path>     the same file by its name, for people
    <experiment>/models/<model>/artifacts/<path>

The named file is a hard link to the newest whole object. What a run's path
means is said by the log alone; the named files are never read.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from runstream.v1 import artifacts_pb2 as artifacts
from runstream_server.blobs.port import BlobNotFoundError, Blobs, Upload
from runstream_server.blobs.tickets import VALID_MS, Signer, TicketError
from runstream_server.events.ids import is_model_stream, is_run_id, is_upload_id

#: Where the gateway serves tickets.
URL_PREFIX = "/blobs/"

_log = logging.getLogger(__name__)


class UploadError(Exception):
    """What was sent is not what the ticket allows. Nothing of it was kept."""


class Download(NamedTuple):
    """A whole object, to be sent under a name."""

    path: Path
    size_bytes: int
    file_name: str


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class LocalBlobs(Blobs):
    """`Blobs` whose tickets lead to this server's own gateway.

    Needs the folder for itself: uploads that a dead process left are removed.
    """

    def __init__(
        self, root: Path, signer: Signer | None = None, now_ms: Callable[[], int] = _now_ms
    ) -> None:
        self._root = root
        self._objects = root / ".objects"
        self._incoming = root / ".incoming"
        self._signer = signer or Signer()
        self._now_ms = now_ms
        self._objects.mkdir(parents=True, exist_ok=True)
        self._incoming.mkdir(exist_ok=True)
        for left in self._incoming.iterdir():
            left.unlink()

    def create_upload(self, upload: Upload) -> artifacts.Ticket:
        key = f"{upload.run_id}/{upload.upload_id}"
        there = self._size(key)
        if there is not None:
            # The bytes were checked when they came; the name may be missing.
            self._show(upload, self._object(key))
            return artifacts.Ticket(object_key=key, stored=True)
        claims = {
            "does": "PUT",
            "run": upload.run_id,
            "experiment": upload.experiment_id,
            "path": upload.path,
            "upload": upload.upload_id,
            "size": upload.size_bytes,
            "sha256": upload.sha256.hex(),
        }
        return self._ticket("PUT", key, claims)

    def create_download(self, object_key: str, file_name: str) -> artifacts.Ticket:
        size = self._size(object_key)
        if size is None:
            raise BlobNotFoundError(object_key)
        claims = {"does": "GET", "key": object_key, "name": file_name, "size": size}
        return self._ticket("GET", object_key, claims)

    def receive(self, token: str) -> Incoming:
        """Begins an upload. Raises TicketError."""
        claims = self._claims(token, "PUT")
        upload = Upload(
            run_id=claims["run"],
            experiment_id=claims["experiment"],
            path=claims["path"],
            upload_id=claims["upload"],
            size_bytes=claims["size"],
            sha256=bytes.fromhex(claims["sha256"]),
        )
        return Incoming(self._incoming / os.urandom(16).hex(), upload, self._keep)

    def open(self, token: str) -> Download:
        """The object that a ticket allows to read.

        Raises TicketError, BlobNotFoundError, and UploadError when the file no
        longer has the size that was stored.
        """
        claims = self._claims(token, "GET")
        size = self._size(claims["key"])
        if size is None:
            raise BlobNotFoundError(claims["key"])
        if size != claims["size"]:
            raise UploadError(f"the stored file has {size} bytes and had {claims['size']}")
        return Download(self._object(claims["key"]), size, claims["name"])

    def close(self) -> None:
        """Nothing is held."""

    def _claims(self, token: str, does: str) -> Mapping[str, Any]:
        claims = self._signer.claims(token, self._now_ms())
        if claims["does"] != does:
            raise TicketError(f"the ticket is for {claims['does']}")
        return claims

    def _ticket(self, method: str, key: str, claims: dict[str, Any]) -> artifacts.Ticket:
        expires_ms = self._now_ms() + VALID_MS
        url = URL_PREFIX + self._signer.token(claims, expires_ms)
        return artifacts.Ticket(method=method, url=url, object_key=key, expires_ms=expires_ms)

    def _object(self, key: str) -> Path:
        run_id, _, upload_id = key.partition("/")
        if not (is_run_id(run_id) or is_model_stream(run_id)) or not is_upload_id(upload_id):
            raise BlobNotFoundError(key)
        return self._objects / run_id / upload_id

    def _size(self, key: str) -> int | None:
        path = self._object(key)
        return path.stat().st_size if path.is_file() else None

    def _keep(self, file: Path, upload: Upload) -> None:
        """A whole, synced file becomes the object, then gets its name."""
        target = self._object(f"{upload.run_id}/{upload.upload_id}")
        target.parent.mkdir(exist_ok=True)
        os.replace(file, target)
        _sync_folder(target.parent)
        _sync_folder(self._objects)
        self._show(upload, target)

    def _show(self, upload: Upload, stored: Path) -> None:
        if not upload.experiment_id:
            return
        folder = self._root / upload.experiment_id
        if is_model_stream(upload.run_id):
            folder /= "models"
        named = folder / upload.run_id / "artifacts" / upload.path
        link = self._incoming / os.urandom(16).hex()
        try:
            named.parent.mkdir(parents=True, exist_ok=True)
            if not named.parent.resolve().is_relative_to(self._root.resolve()):
                raise OSError("a link leads out of the folder")
            os.link(stored, link)
            os.replace(link, named)
        except OSError as error:
            # A file where a folder has to be, a file system without hard
            # links: people lose the name, no reader loses the bytes.
            _log.warning("the artifact has no file of its own at %s: %s", named, error)
        finally:
            link.unlink(missing_ok=True)


class Incoming:
    """One upload in hand. Used by one thread at a time."""

    def __init__(self, file: Path, upload: Upload, keep: Callable[[Path, Upload], None]) -> None:
        self._path = file
        self._upload = upload
        self._keep = keep
        self._digest = hashlib.sha256()
        self._size = 0
        self._file = file.open("xb", buffering=0)

    def write(self, data: bytes) -> None:
        """The next bytes. Raises UploadError when they are too many."""
        self._size += len(data)
        if self._size > self._upload.size_bytes:
            raise UploadError(f"more than the {self._upload.size_bytes} bytes of the ticket came")
        self._digest.update(data)
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]

    def finish(self) -> None:
        """All bytes came: checks them, forces them to the disk, shows them.

        Raises UploadError when size or checksum differ.
        """
        if self._size != self._upload.size_bytes:
            raise UploadError(f"{self._size} of {self._upload.size_bytes} bytes came")
        if self._digest.digest() != self._upload.sha256:
            raise UploadError("the bytes have another SHA-256 than the ticket says")
        os.fsync(self._file.fileno())
        self._file.close()
        self._keep(self._path, self._upload)

    def close(self) -> None:
        """Removes what was not finished. May be called at any time, and twice."""
        self._file.close()
        self._path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
