"""What a test does where a real server cannot be had.

Where CI or RUNSTREAM_TEST_REQUIRE_SERVERS=1 is set it fails; elsewhere it is
skipped, and says why.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

# Read before a session's own environment hides it from the tests.
_REQUIRED = bool(os.environ.get("CI")) or os.environ.get("RUNSTREAM_TEST_REQUIRE_SERVERS") == "1"


def cannot_be_had(reason: str) -> NoReturn:
    """Fails or skips the test in hand. reason: what is missing, and what brings it."""
    if _REQUIRED:
        pytest.fail(f"required here: {reason}")
    pytest.skip(reason)
