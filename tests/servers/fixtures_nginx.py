"""Where a real nginx is needed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.servers.nginx import NoNginxError, find_nginx
from tests.servers.required import cannot_be_had


@pytest.fixture(scope="session")
def nginx() -> Path:
    """The program. Without one the test is skipped, in CI it fails."""
    try:
        return find_nginx()
    except NoNginxError as error:
        cannot_be_had(str(error))
