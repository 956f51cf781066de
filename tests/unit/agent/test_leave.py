from __future__ import annotations

import os
from pathlib import Path

import pytest

from runstream.agent import places
from runstream.agent.leave import Idleness, LeavePolicy, leave


def test_idle_for_long_enough() -> None:
    idleness = Idleness(LeavePolicy(10.0))
    assert not idleness.over(0.0, busy=False)
    assert not idleness.over(9.9, busy=False)
    assert not idleness.over(9.95, busy=True)
    assert not idleness.over(11.0, busy=False)
    assert idleness.over(21.0, busy=False)


@pytest.mark.parametrize("bad", ["soon", "-1", ""])
def test_a_bad_value_names_the_variable(bad: str) -> None:
    with pytest.raises(ValueError, match="RUNSTREAM_AGENT_IDLE_SECONDS"):
        LeavePolicy.from_environment({"RUNSTREAM_AGENT_IDLE_SECONDS": bad})
    assert LeavePolicy.from_environment({}) == LeavePolicy()


def locked(folder: Path) -> int:
    fd = places.open_lock(folder)
    assert places.try_lock(fd)
    return fd


def test_it_goes_when_nothing_is_there(tmp_path: Path) -> None:
    fd, other = locked(tmp_path), places.open_lock(tmp_path)
    assert leave(fd, lambda: False)
    assert places.try_lock(other)
    for each in (fd, other):
        os.close(each)


def test_it_stays_for_a_writer_that_came_before_the_lock_was_free(tmp_path: Path) -> None:
    fd, other = locked(tmp_path), places.open_lock(tmp_path)
    assert not leave(fd, lambda: True)
    assert not places.try_lock(other)
    for each in (fd, other):
        os.close(each)


def test_it_goes_when_a_writer_has_started_the_next_agent(tmp_path: Path) -> None:
    fd, other = locked(tmp_path), places.open_lock(tmp_path)
    assert leave(fd, lambda: places.try_lock(other))
    for each in (fd, other):
        os.close(each)


class Writer:
    """Makes its files, then tries the lock: one step at each call from `first` on."""

    def __init__(self, folder: Path, first: int) -> None:
        self.spools: list[str] = []
        self.elected = False
        self._fd = places.open_lock(folder)
        self._steps = {first: self._spool, first + 1: self._elect}

    def step(self, now: int) -> None:
        self._steps.get(now, lambda: None)()

    def close(self) -> None:
        os.close(self._fd)

    def _spool(self) -> None:
        self.spools.append("p-1")

    def _elect(self) -> None:
        self.elected = places.try_lock(self._fd)


@pytest.mark.parametrize("first", range(-1, 4))
def test_no_interleaving_strands_a_spool(tmp_path: Path, first: int) -> None:
    """A writer's two steps between any of the agent's: somebody serves its spool."""
    fd, writer = locked(tmp_path), Writer(tmp_path, first)

    def look() -> bool:
        writer.step(1)
        seen = bool(writer.spools)
        writer.step(2)
        return seen

    for now in (-1, 0):
        writer.step(now)
    gone = leave(fd, look)
    for now in (3, 4):
        writer.step(now)
    assert writer.elected or not gone
    writer.close()
    os.close(fd)
