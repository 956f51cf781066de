"""Waiting by a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal, TypeVar

T = TypeVar("T")

# Long enough for a loaded two-core machine; a healthy run needs a fraction.
PATIENCE_SECONDS = 90.0


def eventually(
    check: Callable[[], T | Literal[False]], patience_seconds: float = PATIENCE_SECONDS
) -> T:
    """The first true answer of `check`; its last error or answer at the deadline."""
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            answer = check()
            if answer:
                return answer
            failure: object = answer
        except AssertionError as error:
            failure = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience_seconds} s; last: {failure!r}")
        time.sleep(0.05)
