"""The calls to an S3 server that keep artifacts in order. Bytes of artifacts never pass here.

The client library signs, sends and reads errors; uploads in parts are calls of
our own over it, because its answers leave out the checksums.
"""

from __future__ import annotations

import os
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.credentials.providers import (
    ChainedProvider,
    EnvAWSProvider,
    IamAwsProvider,
    Provider,
    StaticProvider,
)
from minio.error import MinioException, S3Error
from urllib3.exceptions import HTTPError

from runstream_server.blobs.port import StoreUnavailableError, UploadLostError
from runstream_server.blobs.presign import Identity
from runstream_server.blobs.s3_settings import S3Settings
from runstream_server.blobs.s3_xml import (
    Begun,
    StoredPart,
    begun,
    complete_body,
    stored_part,
    tag,
    text,
)

SHA256_METADATA = "x-amz-meta-runstream-sha256"
# Below the time that an agent gives a call: it hears the reason, not a deadline.
_CONNECT_SECONDS = 3.0
_READ_SECONDS = 9.0
# Some servers copy all the parts before they answer.
_COMPLETE_SECONDS = 600.0
_MISSING = frozenset({"NoSuchKey", "NotFound", "NoSuchObject"})
_LOST = frozenset({"NoSuchUpload", "InvalidPart", "InvalidPartOrder", "EntityTooSmall"})

#: What an S3 error means for whoever runs the server; {bucket} is filled in.
SENTENCES: Mapping[str, str] = {
    "NoSuchBucket": "there is no bucket {bucket} (RUNSTREAM_S3_BUCKET): create it",
    "AccessDenied": "the credentials have not the rights that are needed in bucket {bucket}",
    "AllAccessDisabled": "all access to bucket {bucket} is disabled",
    "InvalidAccessKeyId": "the access key is not known there (RUNSTREAM_S3_ACCESS_KEY)",
    "XAdminUserNotFound": "the access key is not known there (RUNSTREAM_S3_ACCESS_KEY)",
    "SignatureDoesNotMatch": "the secret key is another one there (RUNSTREAM_S3_SECRET_KEY)",
    "RequestTimeTooSkewed": "its clock and the clock of this machine are too far apart",
    "AuthorizationHeaderMalformed": "the region is another one there (RUNSTREAM_S3_REGION)",
    "ExpiredToken": "the session token of the credentials has expired",
    "PermanentRedirect": "bucket {bucket} is in another region (RUNSTREAM_S3_REGION)",
    "SlowDown": "it asks for fewer requests",
    "QuotaExceeded": "its quota is used up",
}


class Stat(NamedTuple):
    """A whole object. sha256: of its bytes, as the ticket said; empty: not known."""

    size_bytes: int
    sha256: bytes


class S3Calls:
    """One bucket. Thread-safe. Every call may raise StoreUnavailableError."""

    def __init__(self, settings: S3Settings) -> None:
        self._settings = settings
        self._provider = _provider(settings)
        self._pool = _pool(_READ_SECONDS)
        self._slow_pool = _pool(_COMPLETE_SECONDS)
        self._client = self._minio(self._pool)
        self._slow_client = self._minio(self._slow_pool)

    def identity(self) -> Identity:
        """Whose signature tickets bear."""
        try:
            found = self._provider.retrieve()
        except (MinioException, HTTPError, OSError, ValueError) as error:
            raise self._failed(error) from error
        return Identity(found.access_key, found.secret_key, found.session_token or "")

    def check_bucket(self) -> None:
        """Raises StoreUnavailableError when the bucket is not there or not ours to list."""
        # A question with a body for an answer: a HEAD would not say why.
        self._call("GET", None, {"uploads": "", "max-uploads": "1"})

    def stat(self, name: str) -> Stat | None:
        """A whole object; None when there is none."""
        try:
            answer = self._client._execute("HEAD", self._settings.bucket, name)
        except S3Error as error:
            if error.code in _MISSING:
                return None
            raise self._failed(error) from error
        except (MinioException, HTTPError, OSError, ValueError) as error:
            raise self._failed(error) from error
        sha256 = _unhex(answer.headers.get(SHA256_METADATA, ""))
        return Stat(int(answer.headers["content-length"]), sha256)

    def begin(self, name: str, sha256: bytes) -> str:
        """Begin an upload in parts; its id."""
        headers = {"x-amz-checksum-algorithm": "SHA256", SHA256_METADATA: sha256.hex()}
        root = self._call("POST", name, {"uploads": ""}, headers)
        return text(root, "UploadId")

    def parts(self, name: str, parts_id: str) -> Iterator[StoredPart]:
        """The parts that are there, by number. Raises UploadLostError."""
        marker = "0"
        while True:
            query = {"uploadId": parts_id, "part-number-marker": marker}
            root = self._call("GET", name, query)
            for element in root.findall(tag("Part")):
                yield stored_part(element)
            if text(root, "IsTruncated") != "true":
                return
            marker = text(root, "NextPartNumberMarker")

    def complete(self, name: str, parts_id: str, parts: list[StoredPart]) -> None:
        """Put the parts together. Raises UploadLostError: nothing is visible."""
        size = sum(stored.part.size_bytes for stored in parts)
        headers = {"Content-Type": "application/xml", "x-amz-mp-object-size": str(size)}
        self._call("POST", name, {"uploadId": parts_id}, headers, complete_body(parts))

    def abort(self, name: str, parts_id: str) -> None:
        """Give up an upload in parts; nothing happens when it is gone."""
        try:
            self._client._execute(
                "DELETE", self._settings.bucket, name, query_params={"uploadId": parts_id}
            )
        except S3Error as error:
            if error.code != "NoSuchUpload":
                raise self._failed(error) from error
        except (MinioException, HTTPError, OSError, ValueError) as error:
            raise self._failed(error) from error

    def remove(self, name: str) -> None:
        """Delete an object; nothing happens when it is gone."""
        try:
            self._client.remove_object(bucket_name=self._settings.bucket, object_name=name)
        except (MinioException, HTTPError, OSError, ValueError) as error:
            raise self._failed(error) from error

    def follow(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> int:
        """Make the request of a ticket, as its holder would; the status of the answer."""
        try:
            return self._pool.request(method, url, headers=dict(headers), body=body).status
        except (HTTPError, OSError) as error:
            raise self._failed(error, self._settings.tickets_endpoint) from error

    def seconds_ahead(self) -> float | None:
        """How far the server's clock is ahead of ours, to a second; None: it does not say."""
        before = time.time()
        try:
            date = self._pool.request("HEAD", self._settings.endpoint).headers.get("date", "")
        except (HTTPError, OSError) as error:
            raise self._failed(error) from error
        try:
            said = parsedate_to_datetime(date).timestamp()
        except ValueError:
            return None
        return said + 0.5 - (before + time.time()) / 2

    def begun(self, prefix: str) -> Iterator[Begun]:
        """The uploads in parts below a prefix that are neither completed nor aborted."""
        query = {"uploads": "", "prefix": prefix}
        while True:
            root = self._call("GET", None, query)
            coded = root.findtext(tag("EncodingType")) == "url"
            for element in root.findall(tag("Upload")):
                yield begun(element, coded)
            if text(root, "IsTruncated") != "true":
                return
            query["key-marker"] = text(root, "NextKeyMarker")
            query["upload-id-marker"] = text(root, "NextUploadIdMarker")

    def close(self) -> None:
        """Ends the connections. May be called twice."""
        self._pool.clear()
        self._slow_pool.clear()

    def _minio(self, pool: urllib3.PoolManager) -> Minio:
        parts = urlsplit(self._settings.endpoint)
        return Minio(
            endpoint=parts.netloc,
            secure=parts.scheme == "https",
            # Else every call asks the server for it first.
            region=self._settings.region,
            credentials=self._provider,
            http_client=pool,
        )

    def _call(
        self,
        method: str,
        name: str | None,
        query: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> ET.Element:
        client = self._client if body is None else self._slow_client
        try:
            answer = client._execute(
                method,
                self._settings.bucket,
                name,
                body=body,
                headers=dict(headers or {}),
                query_params=dict(query),
            )
            root = ET.fromstring(answer.data)
        except S3Error as error:
            if error.code in _LOST:
                raise UploadLostError(f"{error.code}: {error.message}") from error
            raise self._failed(error) from error
        except (MinioException, HTTPError, OSError, ValueError, ET.ParseError) as error:
            raise self._failed(error) from error
        # A long completion begins its answer with 200 before it knows.
        if root.tag.endswith("Error"):
            code = root.findtext("Code") or root.findtext(tag("Code")) or "no code"
            raise UploadLostError(f"{code}: the parts could not be put together")
        return root

    def _failed(self, error: Exception, endpoint: str = "") -> StoreUnavailableError:
        said = _said(error).replace("{bucket}", repr(self._settings.bucket))
        return StoreUnavailableError(
            f"The artifact store {endpoint or self._settings.endpoint} cannot be used: {said}."
        )


def _said(error: Exception) -> str:
    if isinstance(error, S3Error):
        return SENTENCES.get(error.code or "") or f"{error.code}: {error.message}".rstrip(".")
    if isinstance(error, HTTPError | OSError):
        cause = getattr(error, "reason", None) or error
        return f"there is no connection ({type(cause).__name__})"
    return str(error).rstrip(".")


def _provider(settings: S3Settings) -> Provider:
    if settings.access_key:
        return StaticProvider(settings.access_key, settings.secret_key)
    return ChainedProvider([EnvAWSProvider(), IamAwsProvider()])


def _pool(read_seconds: float) -> urllib3.PoolManager:
    return urllib3.PoolManager(
        maxsize=16,
        timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=read_seconds),
        # Only for a connection that the server closed while it was idle: who
        # asks tries again anyway, by a policy of its own.
        retries=urllib3.Retry(1, connect=1, read=1, status=0, redirect=0, other=0),
        ca_certs=os.environ.get("SSL_CERT_FILE"),
    )


def _unhex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
