"""Artifacts in a bucket of an S3 server.

    [PREFIX/]artifacts/<run>/<upload id>    the bytes, never changed

A ticket is a presigned request, with the SHA-256 of the bytes among what is
signed: the store itself refuses others. Large files go in parts, each with its
own SHA-256; see docs/decisions/0006.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from urllib.parse import quote

from runstream.v1 import artifacts_pb2 as artifacts
from runstream_server.blobs.parts import MOST_BYTES, PART_BYTES, Part, part_size_bytes
from runstream_server.blobs.port import (
    BlobNotFoundError,
    Blobs,
    PartsOf,
    Upload,
    UploadConflictError,
    UploadLostError,
)
from runstream_server.blobs.presign import Identity, Place, Signed, presigned_url
from runstream_server.blobs.s3_calls import SHA256_METADATA, S3Calls, Stat
from runstream_server.blobs.s3_settings import S3Settings
from runstream_server.blobs.s3_xml import Begun, base64_of
from runstream_server.events.ids import is_model_stream, is_run_id, is_upload_id

VALID_SECONDS = 60 * 60
# How long a bucket that was there is taken to be there still.
_BUCKET_SECONDS = 30.0


class S3Blobs(Blobs):
    """`Blobs` whose tickets lead to an S3 server.

    now: in UTC. Opening makes no call; `check` does.
    """

    def __init__(self, settings: S3Settings, now: Callable[[], datetime] | None = None) -> None:
        self._settings = settings
        self._calls = S3Calls(settings)
        self._now = now or (lambda: datetime.now(timezone.utc))
        self._bucket_seen = -_BUCKET_SECONDS

    def check(self) -> None:
        """Raises StoreUnavailableError, with a sentence, when the bucket is not ours to use."""
        self._calls.check_bucket()
        self._bucket_seen = time.monotonic()

    def create_upload(self, upload: Upload) -> artifacts.Ticket:
        key = f"{upload.run_id}/{upload.upload_id}"
        name = self._name(key)
        there = self._stat(name)
        if there is not None:
            _check_same(there, upload.size_bytes, upload.sha256)
            return artifacts.Ticket(object_key=key, stored=True)
        if upload.in_parts and PART_BYTES < upload.size_bytes <= MOST_BYTES:
            return self._in_parts(key, name, upload)
        headers = {
            "x-amz-checksum-sha256": base64_of(upload.sha256),
            SHA256_METADATA: upload.sha256.hex(),
        }
        ticket = self._ticket(Signed("PUT", headers=headers), name, self._calls.identity())
        ticket.object_key = key
        return ticket

    def create_download(self, object_key: str, file_name: str) -> artifacts.Ticket:
        name = self._name(object_key)
        if self._stat(name) is None:
            raise BlobNotFoundError(object_key)
        query = {"response-content-type": "application/octet-stream"}
        if file_name:
            encoded = quote(file_name, safe="")
            query["response-content-disposition"] = f"attachment; filename*=UTF-8''{encoded}"
        ticket = self._ticket(Signed("GET", query), name, self._calls.identity())
        ticket.object_key = object_key
        return ticket

    def create_parts(
        self, of: PartsOf, parts: Sequence[Part], again: bool = False
    ) -> list[artifacts.Ticket]:
        name = self._name(f"{of.run_id}/{of.upload_id}")
        if again:
            next(self._calls.parts(name, of.parts_id), None)
        identity = self._calls.identity()
        return [
            self._ticket(
                Signed(
                    "PUT",
                    {"partNumber": str(part.number), "uploadId": of.parts_id},
                    {"x-amz-checksum-sha256": base64_of(part.sha256)},
                ),
                name,
                identity,
            )
            for part in parts
        ]

    def complete_upload(
        self, of: PartsOf, size_bytes: int, sha256: bytes, parts: Sequence[Part]
    ) -> artifacts.Ticket:
        key = f"{of.run_id}/{of.upload_id}"
        name = self._name(key)
        there = self._stat(name)
        if there is None:
            stored = list(self._calls.parts(name, of.parts_id))
            if [each.part for each in stored] != list(parts):
                raise UploadLostError(_difference([each.part for each in stored], parts))
            self._calls.complete(name, of.parts_id, stored)
        else:
            _check_same(there, size_bytes, sha256)
        # Two agents may have begun the same upload.
        for begun in self._begun(name):
            self._calls.abort(name, begun.parts_id)
        return artifacts.Ticket(object_key=key, stored=True)

    def begun_before(self, moment: datetime) -> list[Begun]:
        """Uploads in parts that were begun before then and not finished."""
        found = self._calls.begun(self._settings.artifacts_prefix)
        return [begun for begun in found if begun.begun < moment]

    def abort(self, begun: Begun) -> None:
        """Give up an upload in parts: what was sent of it is removed."""
        self._calls.abort(begun.name, begun.parts_id)

    def close(self) -> None:
        self._calls.close()

    def _in_parts(self, key: str, name: str, upload: Upload) -> artifacts.Ticket:
        begun = self._begun(name)
        if begun:
            parts_id = begun[0].parts_id
            there = [stored.part for stored in self._calls.parts(name, parts_id)]
        else:
            parts_id, there = self._calls.begin(name, upload.sha256), []
        return artifacts.Ticket(
            object_key=key,
            expires_ms=self._expires_ms(),
            parts=artifacts.Parts(
                parts_id=parts_id,
                part_size_bytes=part_size_bytes(upload.size_bytes),
                stored=[artifacts.Part(**part._asdict()) for part in there],
            ),
        )

    def _begun(self, name: str) -> list[Begun]:
        """All that were begun for one object, the oldest first."""
        found = [begun for begun in self._calls.begun(name) if begun.name == name]
        return sorted(found, key=lambda begun: (begun.begun, begun.parts_id))

    def _stat(self, name: str) -> Stat | None:
        there = self._calls.stat(name)
        # To a question for an object some servers answer the same when the
        # whole bucket is missing.
        if there is None and time.monotonic() - self._bucket_seen > _BUCKET_SECONDS:
            self.check()
        return there

    def _name(self, key: str) -> str:
        run_id, _, upload_id = key.partition("/")
        if not (is_run_id(run_id) or is_model_stream(run_id)) or not is_upload_id(upload_id):
            raise BlobNotFoundError(key)
        return self._settings.artifacts_prefix + key

    def _ticket(self, request: Signed, name: str, identity: Identity) -> artifacts.Ticket:
        place = Place(
            self._settings.tickets_endpoint, self._settings.region, self._settings.bucket, name
        )
        return artifacts.Ticket(
            method=request.method,
            url=presigned_url(place, request, identity, self._now(), VALID_SECONDS),
            headers=_headers(request.headers),
            expires_ms=self._expires_ms(),
        )

    def _expires_ms(self) -> int:
        return int(self._now().timestamp() * 1000) + VALID_SECONDS * 1000


def _headers(headers: Mapping[str, str]) -> list[artifacts.Header]:
    return [artifacts.Header(name=name, value=value) for name, value in headers.items()]


def _check_same(there: Stat, size_bytes: int, sha256: bytes) -> None:
    if there.size_bytes != size_bytes or there.sha256 not in (b"", sha256):
        raise UploadConflictError("other bytes are stored under this upload id")


def _difference(there: Sequence[Part], wanted: Sequence[Part]) -> str:
    missing = sorted({part.number for part in wanted} - {part.number for part in there})
    if missing:
        return f"parts {missing[:10]} of {len(wanted)} are not stored"
    return "the stored parts are other ones than the caller names"
