"""What a trainer logs: a pure function of trainer, run and index of the call.

Trainers make the calls, the comparison afterwards makes the same list again.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

EXPERIMENT = "faults"
#: Timestamps of the series that give one.
EPOCH_MS = 1_790_000_000_000
#: The series whose points get the time of the call, and those that bring their own.
TIMED, STATED = "loss", ("accuracy", "gradient")
STATUSES = ("FINISHED", "FAILED", "FINISHED", "KILLED")

_EVENT_EVERY = 64
_ARTIFACTS = 5
# Above the size from which uploads go in parts.
_LARGE_BYTES = 18_000_000


class Stream(NamedTuple):
    """A run of a trainer."""

    trainer: int
    number: int

    @property
    def name(self) -> str:
        return f"trainer-{self.trainer}-{self.number}"

    @property
    def status(self) -> str:
        """How the trainer ends it."""
        return STATUSES[self.number % len(STATUSES)]


@dataclass(frozen=True)
class Call:
    """One log call. points: key → value, all at the call's step."""

    points: Mapping[str, float]
    timestamp_ms: int = 0
    set_tags: Mapping[str, str] | None = None
    delete_tag: str = ""
    param: tuple[str, str] | None = None
    artifact: str = ""


def value_of(stream: Stream, index: int, number: int = 0) -> float:
    """What a point has; now and then not a number, or none of the finite ones."""
    if index % 997 == 0:
        return (math.nan, math.inf, -math.inf)[index // 997 % 3]
    return (index * 7919 % 10007) / 8 - stream.trainer * 1000 + stream.number * 16 + number


def call(stream: Stream, index: int) -> Call:
    """The call of that index."""
    if index % _EVENT_EVERY == _EVENT_EVERY - 1:
        return _event(stream, index // _EVENT_EVERY)
    if index % 4 == 3:
        points = {key: value_of(stream, index, n) for n, key in enumerate(STATED)}
        return Call(points, timestamp_ms=EPOCH_MS + index)
    return Call({TIMED: value_of(stream, index)})


def _event(stream: Stream, number: int) -> Call:
    tag = f"tag-{number // 8 % 5}"
    text = f"{stream.name}/{number}"
    events: tuple[Call, ...] = (
        Call({}, set_tags={tag: text}),
        Call({}, param=(f"param-{number}", text)),
        Call({}, artifact=f"files/{number // 8 % _ARTIFACTS}.bin"),
        Call({}, set_tags={"stage": text, "other": text}),
        Call({}, set_tags={"fleeting": text}),
        Call({}, delete_tag="fleeting"),
        Call({}, set_tags={tag: text + " again"}),
        Call({}, param=(f"param-{number}", text)),
    )
    return events[number % len(events)]


def content(stream: Stream, index: int, large: bool) -> bytes:
    """The bytes of the artifact that the call of that index logs."""
    rng = random.Random(f"{stream} {index}")
    if large and stream.number % 8 == 0 and index // _EVENT_EVERY == 2:
        return rng.randbytes(1000) * (_LARGE_BYTES // 1000)
    return rng.randbytes(rng.choice((0, 1, 500, 20_000, 60_000)))


class Point(NamedTuple):
    """timestamp_ms: 0 where the call did not give it."""

    step: int
    value: float
    timestamp_ms: int


def points_of(stream: Stream, calls: int) -> dict[str, list[Point]]:
    """Per series the points of the first calls, in order."""
    series: dict[str, list[Point]] = {}
    for index in range(calls):
        if index % _EVENT_EVERY == _EVENT_EVERY - 1:
            continue
        made = call(stream, index)
        for key, value in made.points.items():
            series.setdefault(key, []).append(Point(index, value, made.timestamp_ms))
    return series


def events_of(stream: Stream, calls: int) -> Iterator[tuple[int, Call]]:
    """Those of the first calls that log no points."""
    for index in range(_EVENT_EVERY - 1, calls, _EVENT_EVERY):
        yield index, call(stream, index)
