from __future__ import annotations

from runstream.agent.meter import Meter, Meters


def test_the_largest_upload_of_a_server_is_told() -> None:
    meters = Meters()
    small, large, other = Meter("a", "s", 10), Meter("a", "l", 100), Meter("b", "o", 1000)
    count = meters.begin(small)
    assert meters.largest("a") == small
    meters.begin(large)(60)
    meters.begin(other)
    count(7)
    count(-2)
    assert small.done_bytes == 5
    assert meters.largest("a") == Meter("a", "l", 100, 60)
    assert meters.largest("") == other
    meters.end(large)
    assert meters.largest("a") == small
    assert meters.largest("c") is None
