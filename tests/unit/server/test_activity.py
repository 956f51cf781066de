"""Is anybody using this server?"""

from __future__ import annotations

from runstream_server.activity import Activity


def test_idle_time_counts_from_the_end_of_the_last_call() -> None:
    now = [100.0]
    activity = Activity(lambda: now[0])
    now[0] = 130.0
    assert activity.idle_seconds() == 30.0
    with activity.call():
        now[0] = 200.0
        with activity.call():
            assert activity.idle_seconds() == 0.0
        assert activity.idle_seconds() == 0.0
    now[0] = 205.0
    assert activity.idle_seconds() == 5.0
