"""RUNSTREAM_ARCHIVE: which storage keeps the archive."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from runstream_server.eventlog.archive.errors import ArchiveSettingError

_S3 = "s3:"
_PREFIX = re.compile(r"[\w.\-]+(/[\w.\-]+)*")


@dataclass(frozen=True)
class ArchivePlace:
    """One of the two is set.

    prefix: folder in the deployment's bucket. folder: an absolute path.
    """

    prefix: str = ""
    folder: Path | None = None


def parse_place(text: str) -> ArchivePlace | None:
    """`s3:PREFIX` or `/a/path`; None for nothing. Raises ArchiveSettingError."""
    if not text:
        return None
    if text.startswith(_S3):
        prefix = text.removeprefix(_S3)
        if not _PREFIX.fullmatch(prefix) or ".." in prefix or prefix.startswith("artifacts"):
            raise ArchiveSettingError(
                f"RUNSTREAM_ARCHIVE is {text!r}: behind s3: stands a folder of the bucket like "
                "archive or a/b, of letters, digits, '_', '-' and '.', and not artifacts."
            )
        return ArchivePlace(prefix=prefix)
    path = Path(text)
    if not path.is_absolute():
        raise ArchiveSettingError(
            f"RUNSTREAM_ARCHIVE is {text!r}: it must be s3:PREFIX (a folder of "
            "RUNSTREAM_S3_BUCKET) or an absolute path."
        )
    return ArchivePlace(folder=path)
