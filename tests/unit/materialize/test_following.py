"""Pace, patience, and what is not tried again."""

from __future__ import annotations

import threading

import pytest

from runstream_server.eventlog.port import LogMismatchError, LogUnavailableError
from runstream_server.materialize.consumer import Step
from runstream_server.materialize.following import follow, pace, retry_pause
from runstream_server.materialize.policy import FlushPolicy
from runstream_server.store.errors import StoreError

POLICY = FlushPolicy(
    poll_bytes=4000,
    pause_seconds=0.04,
    busy_bytes=1000,
    gather_seconds=0.2,
    retry_first_seconds=0.1,
)
AT_ONCE = FlushPolicy(pause_seconds=0, retry_first_seconds=0, retry_longest_seconds=0)


@pytest.mark.parametrize(
    ("step", "seconds"),
    [
        (Step(0, 0), 0.0),
        (Step(3, 999), 0.04),
        (Step(3, 1000), 0.2),
        (Step(3, 1999), 0.2),
        (Step(3, 2000), 0.0),
    ],
)
def test_pace(step: Step, seconds: float) -> None:
    assert pace(step, POLICY) == seconds


def test_retries_come_later_and_later() -> None:
    assert [retry_pause(failures, POLICY, 1.0) for failures in (0, 1, 2, 9)] == [0.1, 0.2, 0.4, 5.0]
    assert retry_pause(0, POLICY, 0.0) == 0.05


def test_what_passes_is_tried_again() -> None:
    stop, failures = threading.Event(), []
    errors = iter([StoreError("away"), LogUnavailableError("away")])

    def poll(_timeout: float) -> Step:
        for error in errors:
            raise error
        stop.set()
        return Step(1, 1)

    follow(poll, stop, AT_ONCE, lambda: failures.append(1))
    assert len(failures) == 2


def test_another_log_ends_it() -> None:
    def poll(_timeout: float) -> Step:
        raise LogMismatchError("another log")

    with pytest.raises(LogMismatchError):
        follow(poll, threading.Event(), AT_ONCE, lambda: None)
