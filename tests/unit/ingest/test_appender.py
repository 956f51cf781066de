"""The clock that batches are stamped with."""

from __future__ import annotations

from runstream_server.ingest.appender import Clock


def test_it_never_goes_backwards() -> None:
    times = iter([5, 3, 7])
    clock = Clock(lambda: next(times))
    assert [clock.now_ms() for _ in range(3)] == [5, 5, 7]
