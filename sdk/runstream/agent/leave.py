"""When the agent may leave, and how it does so without stranding a spool."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from runstream.agent import places
from runstream.agent.limits import IDLE_SECONDS


@dataclass(frozen=True)
class LeavePolicy:
    """How long nothing must have happened."""

    idle_seconds: float = IDLE_SECONDS

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> LeavePolicy:
        """RUNSTREAM_AGENT_IDLE_SECONDS; a bad value is a ValueError that names it."""
        text = environ.get("RUNSTREAM_AGENT_IDLE_SECONDS")
        if text is None:
            return cls()
        try:
            seconds = float(text)
        except ValueError:
            seconds = -1.0
        if seconds < 0:
            raise ValueError(
                f"RUNSTREAM_AGENT_IDLE_SECONDS is {text!r}; it must be a number of seconds"
            )
        return cls(seconds)


class Idleness:
    """Since when there has been nothing to do."""

    def __init__(self, policy: LeavePolicy) -> None:
        self._policy = policy
        self._since: float | None = None

    def over(self, now: float, busy: bool) -> bool:
        """Whether the agent has been idle for long enough; once per poll."""
        if busy:
            self._since = None
            return False
        if self._since is None:
            self._since = now
        return now - self._since >= self._policy.idle_seconds


def leave(lock_fd: int, anything_there: Callable[[], bool]) -> bool:
    """Give the lock up, look again, take it back when there is something.

    True: go. A writer that made its files before the lock was free saw the
    lock held and started nothing: the look finds it. One that made them later
    finds the lock free and starts an agent itself.
    """
    places.unlock(lock_fd)
    if not anything_there():
        return True
    return not places.try_lock(lock_fd)
