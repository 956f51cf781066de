"""Waiting until what is spooled now is accepted. Main thread only, but for `wait`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from runstream.agent.cut import Cursor

_MEANWHILE_SECONDS = 0.2


class Missing(NamedTuple):
    """What of a target is not accepted yet."""

    points: int = 0
    event_bytes: int = 0
    artifacts: int = 0
    # Whose spools cannot be opened now.
    processes: int = 0

    def __bool__(self) -> bool:
        return any(self)

    def __str__(self) -> str:
        said = (
            f"{self.points} points, {self.event_bytes} bytes of events "
            f"and {self.artifacts} artifacts"
        )
        if self.processes:
            said += f", and the spools of {self.processes} processes that cannot be opened now,"
        return f"{said} are not accepted"


class Drained(Protocol):
    """A process, as far as a barrier is concerned."""

    def missing(self, tracking_uri: str, target: Cursor) -> Missing:
        """What of the spool up to `target` that URI has not accepted."""


@dataclass
class Barrier:
    """One waiter. tracking_uri: empty means all of them."""

    tracking_uri: str
    deadline: float
    # Whether artifacts have to be there as well.
    artifacts: bool = True
    # Whether waiting has become pointless.
    hopeless: Callable[[], object] = lambda: False
    targets: list[tuple[Drained, Cursor]] = field(default_factory=list)
    missing: Missing = field(default_factory=Missing)
    _over: threading.Event = field(default_factory=threading.Event)

    def poll(self, now: float) -> bool:
        """Whether the wait is over, well or not."""
        parts = [drained.missing(self.tracking_uri, target) for drained, target in self.targets]
        if not self.artifacts:
            parts = [part._replace(artifacts=0) for part in parts]
        self.targets = [t for t, part in zip(self.targets, parts, strict=True) if part]
        self.missing = Missing(
            sum(part.points for part in parts),
            sum(part.event_bytes for part in parts),
            sum(part.artifacts for part in parts),
            sum(part.processes for part in parts),
        )
        if self.missing and now < self.deadline and not self.hopeless():
            return False
        self._over.set()
        return True

    def wait(self, meanwhile: Callable[[], None] = lambda: None) -> Missing:
        """Block (another thread) until it is over; what was missing then.

        meanwhile: called now and then.
        """
        # The main thread ends it; the margin is for one that does not run any more.
        end = self.deadline + 5.0
        while not self._over.wait(_MEANWHILE_SECONDS):
            if time.monotonic() > end:
                return self.missing or Missing(artifacts=1)
            meanwhile()
        return self.missing


class Barriers:
    """All waiters."""

    def __init__(self) -> None:
        self._waiting: list[Barrier] = []

    def add(self, barrier: Barrier, targets: Iterable[tuple[Drained, Cursor]]) -> None:
        """Begin to wait for these targets."""
        barrier.targets = list(targets)
        self._waiting.append(barrier)

    def poll(self, now: float) -> bool:
        """End the waits that are over; whether anybody still waits."""
        self._waiting = [barrier for barrier in self._waiting if not barrier.poll(now)]
        return bool(self._waiting)
