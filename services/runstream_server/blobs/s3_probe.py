"""Whether an S3 server does what artifacts need of it: what `runstream doctor` asks."""

from __future__ import annotations

import hashlib
import os
from datetime import datetime, timezone

from runstream_server.blobs.port import StoreUnavailableError, UploadLostError
from runstream_server.blobs.presign import Place, Signed, presigned_url
from runstream_server.blobs.s3_calls import S3Calls
from runstream_server.blobs.s3_settings import S3Settings
from runstream_server.blobs.s3_xml import base64_of

_CONTENT = b"written by runstream doctor; may be deleted"


def faults(settings: S3Settings) -> list[str]:
    """What is wrong, a sentence each, with what to do; empty: all is well.

    Writes, reads and deletes one small object below our prefix, as a training
    node and the server would. Tries the endpoint that tickets lead to.
    """
    calls = S3Calls(settings)
    try:
        calls.check_bucket()
        return _Probe(settings, calls).faults()
    except (StoreUnavailableError, UploadLostError) as error:
        return [str(error)]
    finally:
        calls.close()


def seconds_ahead(settings: S3Settings) -> float | None:
    """How far the server's clock is ahead of ours; None: it does not say.

    Raises StoreUnavailableError.
    """
    calls = S3Calls(settings)
    try:
        return calls.seconds_ahead()
    finally:
        calls.close()


class _Probe:
    def __init__(self, settings: S3Settings, calls: S3Calls) -> None:
        self._settings = settings
        self._calls = calls
        self._name = f"{settings.artifacts_prefix}doctor-{os.urandom(6).hex()}"

    def faults(self) -> list[str]:
        found = []
        where = self._settings.tickets_endpoint
        wrong = self._put(hashlib.sha256(b"other bytes").digest())
        if wrong < 300:
            found.append(
                f"{where} keeps bytes that have another SHA-256 than the request says "
                "(x-amz-checksum-sha256): damaged uploads would not be noticed there. "
                "Use an S3 server that checks it."
            )
        status = self._put(hashlib.sha256(_CONTENT).digest())
        if status != 200:
            return [*found, self._said("PUT", status)]
        status = self._send("GET", {}, None)
        if status != 200:
            found.append(self._said("GET", status))
        self._calls.abort(self._name, self._calls.begin(self._name, bytes(32)))
        self._calls.remove(self._name)
        return found

    def _put(self, sha256: bytes) -> int:
        return self._send("PUT", {"x-amz-checksum-sha256": base64_of(sha256)}, _CONTENT)

    def _send(self, method: str, headers: dict[str, str], body: bytes | None) -> int:
        place = Place(
            self._settings.tickets_endpoint,
            self._settings.region,
            self._settings.bucket,
            self._name,
        )
        request = Signed(method, headers=headers)
        now = datetime.now(timezone.utc)
        url = presigned_url(place, request, self._calls.identity(), now, 60)
        return self._calls.follow(method, url, headers, body)

    def _said(self, method: str, status: int) -> str:
        return (
            f"{self._settings.tickets_endpoint} answers {status} to the {method} of a ticket: "
            "compare RUNSTREAM_S3_PUBLIC_ENDPOINT and RUNSTREAM_S3_REGION with the server's, "
            "the rights of the credentials (s3:PutObject, s3:GetObject, s3:DeleteObject), and "
            "the clocks."
        )
