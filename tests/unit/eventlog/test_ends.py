"""Waiting for the end of a log to move."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from runstream_server.eventlog.ends import Ends


def test_what_lies_beyond_is_told_at_once() -> None:
    ends = Ends({0: 1, 1: 0})
    assert ends.wait_beyond({0: 0, 1: 0}, 30.0) == {0: 1, 1: 0}


def test_a_time_out_gives_the_ends_as_they_are() -> None:
    ends = Ends({0: 1})
    assert ends.wait_beyond({0: 1}, 0.0) == {0: 1}


def test_a_move_wakes_up_who_waits() -> None:
    ends = Ends({0: 1, 1: 0})
    with ThreadPoolExecutor(1) as beside:
        waiting = beside.submit(ends.wait_beyond, {0: 1, 1: 0}, 30.0)
        ends.move({1: 4})
        assert waiting.result(timeout=20.0) == {0: 1, 1: 4}
    assert ends.now() == {0: 1, 1: 4}
