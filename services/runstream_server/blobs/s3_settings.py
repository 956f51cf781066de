"""Which S3 server and bucket keep the artifacts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

# What every S3 server takes; names of other forms exist only in old AWS regions.
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[\w.\-]+(/[\w.\-]+)*")


class S3SettingsError(ValueError):
    """A setting cannot be used; the message names its variable."""


@dataclass(frozen=True)
class S3Settings:
    """Raises S3SettingsError for what cannot be right."""

    endpoint: str
    """http(s)://host[:port], as this process reaches it."""

    bucket: str
    """It has to exist."""

    public_endpoint: str = ""
    """As training nodes reach it; empty: the same."""

    region: str = "us-east-1"
    """Part of every signature."""

    prefix: str = ""
    """Folder in the bucket; everything of ours lies below it."""

    access_key: str = ""
    """Empty: AWS_ACCESS_KEY_ID and its kin, else the role of the instance."""

    secret_key: str = field(default="", repr=False)
    """Belongs to access_key."""

    def __post_init__(self) -> None:
        _check_endpoint("RUNSTREAM_S3_ENDPOINT", self.endpoint)
        if self.public_endpoint:
            _check_endpoint("RUNSTREAM_S3_PUBLIC_ENDPOINT", self.public_endpoint)
        if not _BUCKET.fullmatch(self.bucket) or ".." in self.bucket:
            raise S3SettingsError(
                f"RUNSTREAM_S3_BUCKET is {self.bucket!r}: a bucket's name has 3 to 63 lower-case "
                "letters, digits, hyphens and dots."
            )
        if not self.region:
            raise S3SettingsError("RUNSTREAM_S3_REGION is empty; where there is none: us-east-1.")
        if self.prefix and (not _PREFIX.fullmatch(self.prefix) or ".." in self.prefix):
            raise S3SettingsError(
                f"RUNSTREAM_S3_PREFIX is {self.prefix!r}: it must look like a/b, of letters, "
                "digits, '_', '-' and '.'."
            )
        if bool(self.access_key) != bool(self.secret_key):
            raise S3SettingsError(
                "RUNSTREAM_S3_ACCESS_KEY and RUNSTREAM_S3_SECRET_KEY belong together: "
                "one of them is not set."
            )

    @property
    def artifacts_prefix(self) -> str:
        """What the name of every artifact object begins with."""
        return f"{self.prefix}/artifacts/" if self.prefix else "artifacts/"

    @property
    def tickets_endpoint(self) -> str:
        """The endpoint that tickets lead to."""
        return self.public_endpoint or self.endpoint

    @property
    def root(self) -> str:
        """The s3:// address that experiments may name as their location, or one below it."""
        return f"s3://{self.bucket}"


def _check_endpoint(variable: str, endpoint: str) -> None:
    parts = urlsplit(endpoint)
    if parts.username or parts.password:
        raise S3SettingsError(
            f"{variable} holds credentials: they belong into RUNSTREAM_S3_ACCESS_KEY and "
            "RUNSTREAM_S3_SECRET_KEY."
        )
    plain = endpoint == f"{parts.scheme}://{parts.netloc}"
    if parts.scheme not in {"http", "https"} or not parts.hostname or not plain:
        raise S3SettingsError(
            f"{variable} is {endpoint!r}: it must look like https://host or http://host:port, "
            "without a path (signatures cover the path)."
        )
