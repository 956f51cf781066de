"""The clock that batches are stamped with, and a log that takes no more for now."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from runstream.error_codes import RESOURCE_EXHAUSTED
from runstream_server.errors import ServiceError
from runstream_server.eventlog.memory import MemoryEventLog
from runstream_server.eventlog.port import LogFullError, NewRecord
from runstream_server.ingest.appender import Clock, append


def test_it_never_goes_backwards() -> None:
    times = iter([5, 3, 7])
    clock = Clock(lambda: next(times))
    assert [clock.now_ms() for _ in range(3)] == [5, 5, 7]


class _Full(MemoryEventLog):
    def append(self, records: Sequence[NewRecord]) -> list[int]:
        raise LogFullError("96 bytes are on their way")


def test_a_full_log_is_a_refusal_with_a_delay() -> None:
    with pytest.raises(ServiceError, match="96 bytes are on their way; send this batch") as caught:
        append(_Full("events", 1), 0, [b"x"])
    assert caught.value.error_code == RESOURCE_EXHAUSTED
    assert caught.value.retry_after_ms > 0
