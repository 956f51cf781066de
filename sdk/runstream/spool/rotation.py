"""Replacing a full file by its successor, in spite of threads and signal handlers.

An RLock keeps other threads out, but not a signal handler (or `__del__`) that
logs while its own thread is in the middle of a rotation. So each step here can
be overtaken: whoever gets to a step second finds the first one's result and
goes on with that. What must not be torn apart is an `if` whose body starts with
one C call or one store: between the last test and that, the interpreter never
runs a handler. It does so when a Python function is called, after any call, and
at jumps (Python 3.10: also forward ones, so the body has to be what follows
when all tests succeed).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Rotated(Protocol):
    """A file of a numbered chain."""

    number: int

    def seal(self) -> None:
        """Make sure that nothing is written to it any more. May be called again."""

    def publish(self) -> None:
        """Give it its name, under which readers look for it. May be called again."""

    def discard(self) -> None:
        """Remove it; it was never published."""


T = TypeVar("T", bound=Rotated)


class Rotation(Generic[T]):
    """The last file of a chain. Call `advance` with the spool's lock held."""

    def __init__(self, first: T, make: Callable[[T], T]) -> None:
        self.current = first
        self._make = make
        self._made: dict[int, T] = {}

    def advance(self, full: T) -> T:
        """The file after `full`: the current one when another has rotated already.

        What `make` raises is raised; then `full` is sealed and stays current.
        """
        if self.current is not full:
            return self.current
        full.seal()
        number = full.number + 1
        candidate = self._made.get(number) or self._make(full)
        # One step: while `full` is current, the first candidate is the winner.
        winner = self._made.setdefault(number, candidate) if self.current is full else self.current
        if winner is not candidate:
            candidate.discard()
        winner.publish()
        # One step again; a handler may have gone on to a later file.
        if self.current is full:
            self.current = winner
        self._made.pop(number, None)
        return self.current
