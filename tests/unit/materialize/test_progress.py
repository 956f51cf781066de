"""Rate and remaining time."""

from __future__ import annotations

from runstream_server.materialize.progress import Pace, Progress


def test_the_rate_is_that_of_this_run() -> None:
    pace = Pace(done_records=100, now=10.0)
    assert pace.progress(300, 500, now=12.0) == Progress(300, 500, 100.0, 2.0)


def test_before_there_is_a_rate_nothing_is_promised() -> None:
    assert Pace(0, 10.0).progress(0, 500, now=10.0) == Progress(0, 500, 0.0, None)
