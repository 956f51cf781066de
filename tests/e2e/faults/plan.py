"""What goes wrong, and when: drawn from a seed.

A *deck* is every fault once. A round shuffles the deck; times and durations
are drawn so that faults overlap now and then.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "kill",  # kill -9; started again when the fault is over
    "stand",  # SIGSTOP, then SIGCONT
    "cut",  # connections are reset, new ones refused
    "silence",  # connections stand, nothing arrives
    "slow",  # every piece is late, and few bytes pass
    "duplicates",  # batches of a moment ago are sent again, several at once
    "late copies",  # batches of long ago are sent again
    "rebalance",  # a materializer comes, and goes
    "full disk",  # the disk of a spool has no room
    "rebuild",  # new tables are built and switched to
]
Size = Literal["cluster", "embedded"]

_PROCESSES: dict[Size, tuple[str, ...]] = {
    "cluster": (
        *("trainer", "agent"),
        *("ingest", "materialize", "query", "gateway"),
        *("broker", "store", "s3"),
    ),
    "embedded": ("trainer", "agent", "server"),
}
#: Who talks over which network: agents with doors, services with engines.
_LINKS: dict[Size, tuple[str, ...]] = {
    "cluster": (
        *("agent-gateway", "agent-ingest", "agent-query", "agent-s3"),
        *("services-broker", "services-store", "services-s3"),
    ),
    "embedded": ("agent-server",),
}
_LOG_FAULTS: tuple[tuple[Kind, str], ...] = (("duplicates", "ingest"), ("late copies", "ingest"))


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    at_seconds: after the beginning, at the earliest.
    seed: of what the fault itself chooses (which of several processes, which batches).
    """

    kind: Kind
    target: str
    at_seconds: float
    duration_seconds: float
    seed: int

    def __str__(self) -> str:
        return f"{self.kind} {self.target} {self.duration_seconds:.1f} s"


@dataclass(frozen=True)
class Pace:
    """How soon one fault follows another, and how long one lasts; drawn evenly."""

    gap_seconds: tuple[float, float] = (0.3, 2.5)
    duration_seconds: tuple[float, float] = (0.3, 4.0)


#: For a test that has little time.
HASTE = Pace((0.2, 0.8), (0.2, 1.2))


def deck(size: Size) -> tuple[tuple[Kind, str], ...]:
    """Every fault that an installation of this size can have: kind and target."""
    kinds: list[tuple[Kind, str]] = []
    for process in _PROCESSES[size]:
        kinds += [("kill", process), ("stand", process)]
    for link in _LINKS[size]:
        kinds += [("cut", link), ("silence", link), ("slow", link)]
    kinds += [*_LOG_FAULTS, ("full disk", "spool"), ("rebuild", "tables")]
    if size == "cluster":
        kinds.append(("rebalance", "materialize"))
    return tuple(kinds)


def one_of_each_kind(size: Size) -> tuple[tuple[Kind, str], ...]:
    """A small deck: every process killed, everything else once."""
    chosen: dict[tuple[str, str], tuple[Kind, str]] = {}
    for kind, target in deck(size):
        chosen.setdefault((kind, target if kind == "kill" else ""), (kind, target))
    return tuple(chosen.values())


def plan(
    seed: int, rounds: int, faults: Sequence[tuple[Kind, str]], pace: Pace = Pace()
) -> tuple[Fault, ...]:
    """The same for the same arguments."""
    rng = random.Random(seed)
    planned: list[Fault] = []
    at = 0.0
    for _ in range(rounds):
        for kind, target in rng.sample(faults, len(faults)):
            at += rng.uniform(*pace.gap_seconds)
            duration = rng.uniform(*pace.duration_seconds)
            planned.append(Fault(kind, target, at, duration, rng.getrandbits(32)))
    return tuple(planned)
