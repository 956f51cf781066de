"""How long the main thread sleeps between two polls. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from runstream.agent.limits import POLL_BUSY_SECONDS, POLL_GROWTH, POLL_IDLE_SECONDS


@dataclass
class Interval:
    """Short while anything moves, longer with each poll that found nothing."""

    seconds: float = POLL_BUSY_SECONDS

    def next(self, moved: bool, busy: bool) -> float:
        """The next wait. busy: somebody waits for the agent."""
        if moved or busy:
            self.seconds = POLL_BUSY_SECONDS
        else:
            self.seconds = min(self.seconds * POLL_GROWTH, POLL_IDLE_SECONDS)
        return self.seconds
