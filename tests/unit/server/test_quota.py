"""Limits per run and per token, without a clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest

from runstream.error_codes import RESOURCE_EXHAUSTED
from runstream_server import quota as module
from runstream_server.errors import ServiceError
from runstream_server.quota import BURST_SECONDS, DAY_SECONDS, Artifact, Batch, Limits, Quota
from runstream_server.telemetry import LIMITS_REACHED, Telemetry


def refusal(take: Callable[[], None]) -> ServiceError | None:
    """Why it was not taken; every refusal says when to come again."""
    try:
        take()
    except ServiceError as error:
        refused = error
    else:
        return None
    assert refused.error_code == RESOURCE_EXHAUSTED
    assert refused.retry_after_ms > 0
    return refused


class There:
    def __init__(self, **limits: int) -> None:
        self.now = 100.0
        self.telemetry = Telemetry()
        self.quota = Quota(Limits(**limits), self.telemetry, lambda: self.now)

    def take(
        self, points: int = 1, keys: Iterable[str] = ("k",), *, run: str = "r", who: str = "",
        source: str = "",
    ) -> ServiceError | None:  # fmt: skip
        return refusal(lambda: self.quota.take(Batch(run, who, source, points, keys)))

    def store(self, size: int, upload: str, *, run: str = "r", who: str = "") -> bool:
        return refusal(lambda: self.quota.take_artifact(Artifact(run, who, upload, size))) is None


def test_without_limits_everything_passes() -> None:
    there = There(run_keys=0, run_sources=0)
    assert there.take(10**9, map(str, range(1000))) is None
    assert there.store(10**15, "u")


def test_distinct_keys_of_a_run() -> None:
    there = There(run_keys=2)
    assert there.take(keys=["a", "b", "a"]) is None
    error = there.take(keys=["a", "c"])
    assert error is not None
    assert "RUNSTREAM_LIMIT_RUN_KEYS=2" in error.message
    assert error.place.limit == "run_keys 2"
    assert there.take(keys=["b", "a"]) is None  # what it had goes on
    assert there.take(keys=["c"], run="other") is None
    assert there.telemetry.values(LIMITS_REACHED) == {"run_keys": 1}


def test_sources_of_a_run() -> None:
    there = There(run_sources=1)
    assert there.take(source="rank=0") is None
    assert there.take(source="rank=1") is not None
    assert there.take(source="rank=0") is None


@pytest.mark.parametrize(
    ("limits", "who"), [({"run_points_per_second": 10}, ""), ({"token_points_per_second": 10}, "a")]
)
def test_a_rate_passes_by_itself(limits: dict[str, int], who: str) -> None:
    there = There(**limits)
    assert there.take(10 * BURST_SECONDS + 30, who=who) is None  # a burst, of any size
    error = there.take(1, who=who)
    assert error is not None
    assert 3000 <= error.retry_after_ms <= 3200
    there.now += error.retry_after_ms / 1000
    assert there.take(1, who=who) is None
    assert there.take(10**6, run="another", who="b") is None


def test_a_refused_batch_counts_nothing() -> None:
    there = There(run_points_per_second=10, run_keys=2)
    assert there.take(51, ["a"]) is None
    assert there.take(1, ["b"]) is not None
    there.now += 60
    assert there.take(1, ["c"]) is None


def test_artifacts_of_a_run_and_of_a_token() -> None:
    there = There(run_artifact_bytes=100, token_artifact_bytes_per_day=150)
    assert there.store(60, "u1", who="a")
    assert there.store(60, "u1", who="a")  # asked again
    assert not there.store(60, "u2", who="a")
    assert there.store(40, "u3", who="a")
    assert there.store(80, "u4", run="r2", who="a")  # the bucket may be overdrawn once
    assert not there.store(1, "u5", run="r3", who="a")
    there.now += DAY_SECONDS
    assert there.store(1, "u5", run="r3", who="a")


def test_refused_runs_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED_RUNS", 50)
    there = There(token_points_per_second=1)
    there.take(100, who="a")
    for number in range(200):
        assert there.take(run=str(number), who="a") is not None
    assert len(there.quota._runs) <= 50


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REMEMBERED_NAMES", 100)
    monkeypatch.setattr(module, "REMEMBERED_RUNS", 50)
    there = There()
    for number in range(500):
        there.take(keys=[f"{number}-{n}" for n in range(7)], run=str(number))
        assert there.quota.remembered_names() <= 100
    assert len(there.quota._runs) <= 50
    there.take(keys=map(str, range(1000)), run="alone")
    assert there.quota.remembered_names() <= 1001
