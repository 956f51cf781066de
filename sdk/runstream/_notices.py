"""What the SDK tells a person: by `logging`, so that it never raises.

(`warnings.warn` becomes an exception where a user turned warnings into errors,
and nothing a server does may break a training script.)
"""

from __future__ import annotations

import logging

_logger = logging.getLogger("runstream")
_told: set[str] = set()


def warn(text: str) -> None:
    """One line on the logger `runstream`."""
    _logger.warning("%s", text)


def warn_once(topic: str, text: str) -> None:
    """The same, once per process and topic."""
    if topic not in _told:
        _told.add(topic)
        warn(text)


def forget() -> None:
    """Say everything again; for tests."""
    _told.clear()
