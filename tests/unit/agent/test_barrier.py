from __future__ import annotations

import time

from runstream.agent.barrier import Barrier, Barriers, Missing
from runstream.agent.cut import Cursor


class Spool:
    def __init__(self, left: Missing) -> None:
        self.left = left

    def missing(self, tracking_uri: str, target: Cursor) -> Missing:
        return self.left


def test_a_wait_ends_when_everything_is_accepted() -> None:
    one, two = Spool(Missing(points=3)), Spool(Missing(artifacts=1))
    barriers, barrier = Barriers(), Barrier("", deadline=time.monotonic() + 60)
    barriers.add(barrier, [(one, Cursor(3, 0)), (two, Cursor(0, 9))])
    assert barriers.poll(0.0)
    assert barrier.missing == Missing(points=3, artifacts=1)
    one.left = Missing()
    assert barriers.poll(0.0)
    one.left = Missing(points=9)  # what comes later is not waited for
    two.left = Missing()
    assert not barriers.poll(0.0)
    assert not barrier.wait()


def test_a_wait_ends_at_its_deadline_and_says_what_is_missing() -> None:
    barriers, barrier = Barriers(), Barrier("", deadline=5.0)
    barriers.add(barrier, [(Spool(Missing(2, 10, 1, 1)), Cursor(2, 10))])
    assert barriers.poll(4.9)
    assert not barriers.poll(5.0)
    missing = barrier.wait()
    assert missing
    for part in ("2 points", "10 bytes", "1 artifacts", "1 processes"):
        assert part in str(missing)


def test_artifacts_need_not_be_waited_for() -> None:
    barriers, barrier = Barriers(), Barrier("", deadline=time.monotonic() + 60, artifacts=False)
    barriers.add(barrier, [(Spool(Missing(artifacts=1)), Cursor(0, 0))])
    assert not barriers.poll(0.0)
    assert not barrier.wait()


def test_nothing_to_wait_for() -> None:
    barriers, barrier = Barriers(), Barrier("", deadline=time.monotonic() + 60)
    barriers.add(barrier, [])
    assert not barriers.poll(0.0)
    assert not barrier.wait()
