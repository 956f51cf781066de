from __future__ import annotations

from runstream.agent.interval import Interval
from runstream.agent.limits import POLL_BUSY_SECONDS, POLL_IDLE_SECONDS


def test_it_backs_off_and_comes_back() -> None:
    interval = Interval()
    waits = [interval.next(moved=False, busy=False) for _ in range(20)]
    assert waits == sorted(waits)
    assert waits[-1] == POLL_IDLE_SECONDS
    assert interval.next(moved=True, busy=False) == POLL_BUSY_SECONDS
    interval.next(moved=False, busy=False)
    assert interval.next(moved=False, busy=True) == POLL_BUSY_SECONDS
