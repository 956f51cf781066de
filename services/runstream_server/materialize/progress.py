"""How far a rebuild is, and how long it will still take."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Offsets = Mapping[int, int]


@dataclass(frozen=True)
class Progress:
    """Counted in records of the log.

    remaining_seconds: at the rate so far; None before there is a rate.
    """

    done_records: int
    total_records: int
    records_per_second: float
    remaining_seconds: float | None

    def line(self) -> str:
        """How far, how fast, how long still."""
        line = f"{self.done_records} of {self.total_records} records"
        if self.remaining_seconds is None:
            return line
        rate, left = self.records_per_second, self.remaining_seconds
        return f"{line}, {rate:.0f} a second, about {left:.0f} s left"


#: Called now and then from the thread that rebuilds.
OnProgress = Callable[[Progress], None]


class Pace:
    """Makes progress reports of one run, which may have begun in the middle."""

    def __init__(self, done_records: int, now: float) -> None:
        self._first_done = done_records
        self._first_time = now

    def progress(self, done: int, total: int, now: float | None = None) -> Progress:
        seconds = (time.monotonic() if now is None else now) - self._first_time
        rate = (done - self._first_done) / seconds if seconds > 0 else 0.0
        remaining = (total - done) / rate if rate > 0 else None
        return Progress(done, total, rate, remaining)


def records_in(offsets: Offsets) -> int:
    """How many records lie before these offsets."""
    return sum(offsets.values())
