"""Where a real nginx is needed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.servers.nginx import NoNginxError, find_nginx


@pytest.fixture(scope="session")
def nginx() -> Path:
    """The program. Without one the test is skipped, in CI it fails."""
    try:
        return find_nginx()
    except NoNginxError as error:
        if os.environ.get("CI") or os.environ.get("RUNSTREAM_TEST_REQUIRE_SERVERS") == "1":
            raise
        pytest.skip(str(error))
