from __future__ import annotations

from runstream.agent.retry import RetryPolicy

POLICY = RetryPolicy(first_seconds=0.1, max_seconds=10.0)


def test_waits_double_up_to_the_longest() -> None:
    waits = [POLICY.wait_seconds(attempt, 0.0, 1.0) for attempt in range(1, 10)]
    assert waits[:4] == [0.1, 0.2, 0.4, 0.8]
    assert waits[-1] == 10.0
    assert POLICY.wait_seconds(10**6, 0.0, 1.0) == 10.0


def test_chance_spreads_the_upper_half() -> None:
    assert POLICY.wait_seconds(1, 0.0, 0.0) == 0.05


def test_what_the_server_asks_is_the_least() -> None:
    assert POLICY.wait_seconds(1, 5.0, 0.0) == 5.0
    assert POLICY.wait_seconds(1, 5.0, 1.0) == 6.0
    assert POLICY.wait_seconds(20, 5.0, 1.0) == 10.0
