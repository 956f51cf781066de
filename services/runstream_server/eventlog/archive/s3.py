"""Objects below a prefix of a bucket."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.credentials.providers import (
    ChainedProvider,
    EnvAWSProvider,
    IamAwsProvider,
    StaticProvider,
)
from minio.error import MinioException, S3Error
from urllib3.exceptions import HTTPError

from runstream_server.eventlog.archive import limits
from runstream_server.eventlog.archive.errors import ArchiveUnavailableError
from runstream_server.eventlog.archive.objects import Objects

_MISSING = frozenset({"NoSuchKey", "NotFound", "NoSuchObject"})
_THERE = "PreconditionFailed"


class Bucket(Protocol):
    """Where the bucket is, and who we are there; no access_key: AWS's variables, or the
    role of the instance."""

    @property
    def endpoint(self) -> str: ...
    @property
    def bucket(self) -> str: ...
    @property
    def region(self) -> str: ...
    @property
    def access_key(self) -> str: ...
    @property
    def secret_key(self) -> str: ...


class S3Objects(Objects):
    """See Objects. Opening makes no call."""

    def __init__(self, bucket: Bucket, prefix: str) -> None:
        """prefix: folder in the bucket, a/b."""
        self._bucket = bucket.bucket
        self._prefix = f"{prefix}/"
        self._where = f"s3://{self._bucket}/{prefix} at {bucket.endpoint}"
        self._pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=limits.CONNECT_SECONDS, read=limits.ANSWER_SECONDS),
            # For a connection that was closed while it was idle: who asks tries again.
            retries=urllib3.Retry(1, status=0, redirect=0, other=0),
            ca_certs=os.environ.get("SSL_CERT_FILE"),
        )
        parts = urlsplit(bucket.endpoint)
        self._client = Minio(
            endpoint=parts.netloc,
            secure=parts.scheme == "https",
            region=bucket.region,
            credentials=StaticProvider(bucket.access_key, bucket.secret_key)
            if bucket.access_key
            else ChainedProvider([EnvAWSProvider(), IamAwsProvider()]),
            http_client=self._pool,
        )

    def put(self, name: str, data: bytes) -> bool:
        checksum = base64.b64encode(hashlib.sha256(data).digest()).decode()
        headers = {"If-None-Match": "*", "x-amz-checksum-sha256": checksum}
        with self._translated():
            try:
                self._client._execute(
                    "PUT", self._bucket, self._prefix + name, body=data, headers=dict(headers)
                )
            except S3Error as error:
                if error.code == _THERE:
                    return False
                raise
        return True

    def get(self, name: str) -> bytes | None:
        with self._translated():
            try:
                answer = self._client._execute("GET", self._bucket, self._prefix + name)
            except S3Error as error:
                if error.code in _MISSING:
                    return None
                raise
            return answer.data

    def names(self, folder: str, after: str = "") -> list[str]:
        below = f"{self._prefix}{folder}/"
        with self._translated():
            found = self._client.list_objects(
                bucket_name=self._bucket, prefix=below, start_after=below + after, recursive=True
            )
            names = [(one.object_name or "").removeprefix(below) for one in found]
        return sorted(name for name in names if name)

    def describe(self) -> str:
        return self._where

    def close(self) -> None:
        self._pool.clear()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (MinioException, HTTPError, OSError, ValueError) as error:
            raise ArchiveUnavailableError(
                f"The archive {self._where} cannot be used: {_said(error)}"
            ) from error


def _said(error: Exception) -> str:
    if isinstance(error, S3Error):
        return f"{error.code}: {error.message}"
    if isinstance(error, HTTPError | OSError):
        cause = getattr(error, "reason", None) or error
        return f"there is no connection ({type(cause).__name__})"
    return str(error)
