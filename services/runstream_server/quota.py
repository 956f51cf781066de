"""Limits per run and per token: what one program may cost all others.

They guard against programs that run away (a key made of a step number, a loop
without a pause), not against people. Nothing is refused for good: a batch past
a limit is answered with RESOURCE_EXHAUSTED, its agent keeps it and comes again. A
rate passes by itself; a count passes when the limit is raised.

Counted per process, from the first batch that it sees of a run; a run that was
not heard of for long is forgotten, so memory is bounded.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from runstream.error_codes import RESOURCE_EXHAUSTED
from runstream_server.errors import ErrorPlace, ServiceError
from runstream_server.telemetry import LIMITS_REACHED, Telemetry

# A rate may be exceeded for a moment: logging comes in bursts, and so does what
# waited while a server was away.
BURST_SECONDS = 5
DAY_SECONDS = 24 * 3600
# How long a batch waits that only a person can let in.
COUNT_RETRY_MS = 60_000
# The longest wait for a rate: short enough to notice a limit that was raised.
RATE_RETRY_MAX_MS = 60_000
# Runs remembered at once, and keys, sources and uploads over all of them: about
# 100 MB at the very most.
REMEMBERED_RUNS = 20_000
REMEMBERED_NAMES = 1_000_000


@dataclass(frozen=True)
class Limits:
    """0 is no limit.

    run_points_per_second: one run lives in one partition; above what that takes
        (see docs/capacity.md), others in it wait.
    token_points_per_second: one team's share of an installation.
    run_keys: each key is a row in several tables, and a line in every listing.
    run_sources: each source multiplies the keys.
    run_artifact_bytes: a checkpoint per step fills any store.
    token_artifact_bytes_per_day: the same, for a team.
    """

    run_points_per_second: int = 0
    token_points_per_second: int = 0
    run_keys: int = 100_000
    run_sources: int = 100_000
    run_artifact_bytes: int = 0
    token_artifact_bytes_per_day: int = 0


class Batch(NamedTuple):
    """What a batch would use."""

    run_id: str
    caller: str
    source: str
    points: int
    keys: Iterable[str]


class Artifact(NamedTuple):
    """What an upload would use."""

    run_id: str
    caller: str
    upload_id: str
    size_bytes: int


class _Bucket:
    """Fills at a rate; may be overdrawn once, so that a batch of any size passes."""

    def __init__(self, rate: float, capacity: float, now: float) -> None:
        self._rate, self._capacity = rate, capacity
        self._level, self._at = capacity, now

    def wait_seconds(self, now: float) -> float:
        """How long until it takes something; 0.0: now."""
        self._level = min(self._capacity, self._level + (now - self._at) * self._rate)
        self._at = now
        return 0.0 if self._level > 0 else (1 - self._level) / self._rate

    def take(self, amount: float) -> None:
        self._level -= amount


@dataclass
class _Run:
    """What is remembered of a run; names by their hash."""

    keys: set[int] = field(default_factory=set)
    sources: set[int] = field(default_factory=set)
    uploads: set[int] = field(default_factory=set)
    artifact_bytes: int = 0
    points: _Bucket | None = None

    def names(self) -> int:
        return len(self.keys) + len(self.sources) + len(self.uploads)


class Quota:
    """Thread-safe. Every method counts, or raises ServiceError and counts nothing."""

    def __init__(
        self,
        limits: Limits,
        telemetry: Telemetry,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = limits
        self._telemetry = telemetry
        self._clock = clock
        self._lock = threading.Lock()
        self._runs: OrderedDict[str, _Run] = OrderedDict()
        self._names = 0
        self._buckets: OrderedDict[tuple[str, str], _Bucket] = OrderedDict()

    def take(self, batch: Batch) -> None:
        """One batch. One that is repeated counts its points again, its names once."""
        limits = self._limits
        with self._lock:
            run = self._run(batch.run_id)
            sources = {hash(batch.source)} - run.sources
            self._count("run_sources", batch.run_id, limits.run_sources, run.sources, sources)
            keys = {hash(key) for key in batch.keys} - run.keys
            self._count("run_keys", batch.run_id, limits.run_keys, run.keys, keys)
            now = self._clock()
            if limits.run_points_per_second and run.points is None:
                rate = limits.run_points_per_second
                run.points = _Bucket(rate, rate * BURST_SECONDS, now)
            rates = [("run_points_per_second", f"run {batch.run_id}", run.points)]
            rate = limits.token_points_per_second
            bucket = self._bucket("points", batch.caller, rate, rate * BURST_SECONDS, now)
            rates.append(("token_points_per_second", f"token {batch.caller}", bucket))
            self._pass(rates, batch.points, now)
            run.keys |= keys
            run.sources |= sources
            self._remember(batch.run_id, len(keys) + len(sources))

    def take_artifact(self, artifact: Artifact) -> None:
        """One upload. Asked for again, it is counted once."""
        limits = self._limits
        with self._lock:
            run = self._run(artifact.run_id)
            upload = hash(artifact.upload_id)
            if upload in run.uploads:
                return
            total = run.artifact_bytes + artifact.size_bytes
            if limits.run_artifact_bytes and total > limits.run_artifact_bytes:
                said = f"run {artifact.run_id} has {run.artifact_bytes} bytes of artifacts"
                raise self._held("run_artifact_bytes", said, limits.run_artifact_bytes)
            now = self._clock()
            per_day = limits.token_artifact_bytes_per_day
            bucket = self._bucket("artifacts", artifact.caller, per_day / DAY_SECONDS, per_day, now)
            name = "token_artifact_bytes_per_day"
            self._pass([(name, f"token {artifact.caller}", bucket)], artifact.size_bytes, now)
            run.artifact_bytes = total
            run.uploads.add(upload)
            self._remember(artifact.run_id, 1)

    def remembered_names(self) -> int:
        """Keys, sources and uploads in memory."""
        with self._lock:
            return self._names

    def _run(self, run_id: str) -> _Run:
        run = self._runs.setdefault(run_id, _Run())
        self._runs.move_to_end(run_id)
        # Also of runs that are only refused.
        while len(self._runs) > REMEMBERED_RUNS:
            self._names -= self._runs.popitem(last=False)[1].names()
        return run

    def _remember(self, run_id: str, names: int) -> None:
        self._names += names
        while self._names > REMEMBERED_NAMES:
            oldest = next(iter(self._runs))
            if oldest == run_id:
                return  # alone it may be as large as its own limits allow
            self._names -= self._runs.pop(oldest).names()

    def _bucket(
        self, kind: str, caller: str, rate: float, capacity: float, now: float
    ) -> _Bucket | None:
        if not rate or not caller:
            return None
        bucket = self._buckets.setdefault((kind, caller), _Bucket(rate, capacity, now))
        self._buckets.move_to_end((kind, caller))
        while len(self._buckets) > REMEMBERED_RUNS:
            self._buckets.popitem(last=False)
        return bucket

    def _count(self, name: str, run_id: str, limit: int, known: set[int], new: set[int]) -> None:
        if limit and new and len(known) + len(new) > limit:
            what = name.removeprefix("run_")
            said = f"run {run_id} has {len(known)} distinct {what} and would get {len(new)} more"
            raise self._held(name, said, limit)

    def _pass(
        self, rates: Iterable[tuple[str, str, _Bucket | None]], amount: int, now: float
    ) -> None:
        given = [(name, whose, bucket) for name, whose, bucket in rates if bucket is not None]
        for name, whose, bucket in given:
            wait = bucket.wait_seconds(now)
            if wait > 0:
                limit = getattr(self._limits, name)
                ms = min(RATE_RETRY_MAX_MS, int(wait * 1000) + 1)
                raise self._refusal(name, f"{whose} is above its rate", limit, ms)
        for _, _, bucket in given:
            bucket.take(amount)

    def _held(self, name: str, said: str, limit: int) -> ServiceError:
        return self._refusal(name, said, limit, COUNT_RETRY_MS)

    def _refusal(self, name: str, said: str, limit: int, retry_after_ms: int) -> ServiceError:
        self._telemetry.count(LIMITS_REACHED, label=name)
        return ServiceError(
            RESOURCE_EXHAUSTED,
            f"The limit RUNSTREAM_LIMIT_{name.upper()}={limit} of this server is reached: {said}. "
            "Nothing is lost: what is logged waits where it was logged, and is sent again in "
            f"{retry_after_ms / 1000:g} s.",
            ErrorPlace(limit=f"{name} {limit}"),
            retry_after_ms=retry_after_ms,
        )
