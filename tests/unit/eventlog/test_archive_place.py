"""What RUNSTREAM_ARCHIVE may say."""

from __future__ import annotations

from pathlib import Path

import pytest

from runstream_server.eventlog.archive.errors import ArchiveSettingError
from runstream_server.eventlog.archive.place import ArchivePlace, parse_place


def test_a_folder_of_the_bucket_or_a_path() -> None:
    assert parse_place("") is None
    assert parse_place("s3:archive/prod") == ArchivePlace(prefix="archive/prod")
    assert parse_place("/srv/archive") == ArchivePlace(folder=Path("/srv/archive"))


@pytest.mark.parametrize(
    "text", ["s3:", "s3:/a", "s3:a/../b", "s3:artifacts", "archive", "s3://b/c"]
)
def test_what_cannot_be_used(text: str) -> None:
    with pytest.raises(ArchiveSettingError, match="RUNSTREAM_ARCHIVE"):
        parse_place(text)
