"""What a deployment is made of; read once, from flags and the environment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeVar

from runstream_server.blobs.s3_settings import S3Settings
from runstream_server.cluster.errors import SettingError
from runstream_server.eventlog.archive.place import ArchivePlace
from runstream_server.eventlog.kafka.settings import KafkaSettings
from runstream_server.store.address import StoreAddress

_Setting = TypeVar("_Setting")


@dataclass(frozen=True)
class Deployment:
    """The three that a cluster stands on, and where the log is archived; None: not set.

    No part shows a secret in its repr.
    """

    kafka: KafkaSettings | None = None
    clickhouse: StoreAddress | None = None
    s3: S3Settings | None = None
    archive: ArchivePlace | None = None

    def log(self) -> KafkaSettings:
        """Raises SettingError."""
        settings = _given(self.kafka, "--kafka", "RUNSTREAM_KAFKA", "host:9092")
        return replace(settings, archived=self.archive is not None)

    def store(self) -> StoreAddress:
        """Raises SettingError."""
        example = "http://user:password@host:8123/runstream"
        return _given(self.clickhouse, "--clickhouse", "RUNSTREAM_CLICKHOUSE", example)

    def blobs(self) -> S3Settings:
        """Raises SettingError."""
        return _given(self.s3, "--s3-endpoint", "RUNSTREAM_S3_ENDPOINT", "https://s3.example.org")


def _given(setting: _Setting | None, flag: str, variable: str, example: str) -> _Setting:
    if setting is None:
        raise SettingError(f"{flag} ({variable}) is not set; for example {example}")
    return setting
