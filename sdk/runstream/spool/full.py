"""What happens to a logging call for which there is no room."""

from __future__ import annotations

import logging
from collections.abc import Callable

from runstream.spool.errors import SpoolFull
from runstream.spool.limits import (
    FULL_FIRST_PAUSE_SECONDS,
    FULL_MAX_PAUSE_SECONDS,
    SpoolPolicy,
)

_logger = logging.getLogger("runstream.spool")
# One warning for so many pauses of one call: about every minute.
_PAUSES_PER_WARNING = 64


class WhenFull:
    """Applies the policy. Never called with the spool's lock held."""

    def __init__(self, policy: SpoolPolicy, pause: Callable[[float], None]) -> None:
        self._policy = policy
        self._pause = pause

    def wait(self, error: SpoolFull, waited: int) -> int:
        """Raise `error`, or warn and pause. `waited`: how often this call has before."""
        if self._policy.full == "raise":
            raise error
        if waited % _PAUSES_PER_WARNING == 0:
            _logger.warning(
                "%s. Logging waits until the agent has sent or moved something, or there is "
                "room again; nothing is lost. RUNSTREAM_SPOOL_FULL=raise raises instead",
                error,
            )
        delay = FULL_FIRST_PAUSE_SECONDS * 2 ** min(waited, 10)
        self._pause(min(delay, FULL_MAX_PAUSE_SECONDS))
        return waited + 1
