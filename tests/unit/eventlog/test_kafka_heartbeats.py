"""A member whose heartbeats ended joins again."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from runstream_server.eventlog.kafka.group import check_heartbeats
from runstream_server.eventlog.port import LogUnavailableError


def consumer(*, stable: bool, answered: float, joined: float) -> SimpleNamespace:
    heartbeat = SimpleNamespace(last_receive=answered, last_reset=joined)
    coordinator = SimpleNamespace(heartbeat=heartbeat, stable=lambda: stable)
    return SimpleNamespace(_coordinator=coordinator, config={"session_timeout_ms": 10_000})


def test_a_member_that_the_broker_does_not_hear_is_told() -> None:
    with pytest.raises(LogUnavailableError, match="for 21 s: it joins the group again"):
        check_heartbeats(consumer(stable=True, answered=100.0, joined=90.0), 121.0)


@pytest.mark.parametrize(
    ("stable", "answered", "joined"),
    [
        (True, 102.0, 90.0),
        (True, float("-inf"), 102.0),
        (False, 0.0, 0.0),  # It joins: nobody expects heartbeats.
    ],
)
def test_others_go_on(stable: bool, answered: float, joined: float) -> None:
    check_heartbeats(consumer(stable=stable, answered=answered, joined=joined), 121.0)
