"""Polling for ever: the pace, and what an error means."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable

from runstream_server.eventlog.port import LogUnavailableError
from runstream_server.materialize.consumer import Step
from runstream_server.materialize.policy import FlushPolicy
from runstream_server.store.errors import StoreError

_log = logging.getLogger(__name__)

#: What goes away by itself, or after something else was put right.
PASSING = (StoreError, LogUnavailableError)


def follow(
    poll: Callable[[float], Step],
    stop: threading.Event,
    policy: FlushPolicy,
    on_failure: Callable[[], None],
) -> None:
    """Poll until `stop`. Tries again for ever, but for errors that would come again.

    Raises LogMismatchError, and whatever is a fault of the program.
    """
    failures = 0
    while not stop.is_set():
        try:
            step = poll(policy.wait_seconds)
        except PASSING as error:
            on_failure()
            pause = retry_pause(failures, policy, random.random())
            failures += 1
            _log.warning("the tables could not be fed, next try in %.1f s: %s", pause, error)
            stop.wait(pause)
        else:
            failures = 0
            stop.wait(pace(step, policy))


def pace(step: Step, policy: FlushPolicy) -> float:
    """How long to wait after a step: not at all while the tables are behind."""
    if step.records == 0 or step.read_bytes >= policy.poll_bytes // 2:
        return 0.0
    if step.read_bytes >= policy.busy_bytes:
        return policy.gather_seconds
    return policy.pause_seconds


def retry_pause(failures: int, policy: FlushPolicy, chance: float) -> float:
    """Twice as long after each failure, up to the longest; a half of it by chance."""
    longest: float = min(policy.retry_first_seconds * 2**failures, policy.retry_longest_seconds)
    return longest * (0.5 + chance / 2)
