"""How long to wait before the next attempt. Pure: chance is an argument."""

from __future__ import annotations

from dataclasses import dataclass

from runstream.agent.limits import RETRY_FIRST_SECONDS, RETRY_MAX_SECONDS


@dataclass(frozen=True)
class RetryPolicy:
    """Doubling waits with jitter, for ever; what the server asks for is the least."""

    first_seconds: float = RETRY_FIRST_SECONDS
    max_seconds: float = RETRY_MAX_SECONDS

    def wait_seconds(self, attempt: int, asked_seconds: float, chance: float) -> float:
        """The wait after failed attempt number `attempt` (from 1).

        chance: from 0 to 1; spreads those that failed together over the upper
        half of the wait.
        """
        doubled = self.first_seconds * 2.0 ** min(max(attempt, 1) - 1, 30)
        wait = min(doubled, self.max_seconds) * (0.5 + 0.5 * chance)
        return max(wait, asked_seconds * (1.0 + 0.2 * chance))
