"""The fixtures `s3`, for the whole session, and `own_s3`, to kill."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers.required import cannot_be_had
from tests.servers.s3 import S3MissingError, S3Server, new_s3


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    """Tests make a bucket each, and leave it alive."""
    server = _started(given=True)
    yield server
    server.close()


@pytest.fixture
def own_s3() -> Iterator[S3Server]:
    """A server of one test alone: always a process here."""
    server = _started(given=False)
    yield server
    server.close()


def _started(given: bool) -> S3Server:
    try:
        return new_s3(given)
    except S3MissingError as missing:
        cannot_be_had(str(missing))
