"""What the server measures about itself: the one list, and where it is counted.

The gateway shows it in Prometheus' form under /metrics.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple

Kind = Literal["counter", "gauge", "histogram"]


class Measure(NamedTuple):
    """One thing that is measured.

    name: in Prometheus, with the prefix runstream_ and the unit at its end.
    meaning: what it says.
    when_it_rises: what to do then.
    label: the one thing it is split by; empty: by nothing.
    """

    name: str
    kind: Kind
    meaning: str
    when_it_rises: str
    label: str = ""


BATCHES_ACCEPTED = Measure(
    "batches_accepted",
    "counter",
    "Batches that were appended to the event log.",
    "Nothing: it is the work done. A fall to zero with agents running means they cannot reach us.",
)
BYTES_ACCEPTED = Measure(
    "accepted_bytes",
    "counter",
    "Bytes of the batches that were appended.",
    "Watch the disk under the event log: this is what it grows by.",
)
BATCHES_REFUSED = Measure(
    "batches_refused",
    "counter",
    "Batches that were not appended, by error code.",
    "INVALID_PARAMETER_VALUE: a client sends what is not allowed; its agent's log says what. "
    "RESOURCE_EXHAUSTED: more arrives than the log takes; look at append_seconds and the disk.",
    "error_code",
)
APPEND_SECONDS = Measure(
    "append_seconds",
    "histogram",
    "From a validated batch to its commit in the event log.",
    "The disk under the event log is slow or shared with something heavy; give it its own.",
)
BYTES_IN_FLIGHT = Measure(
    "in_flight_bytes",
    "gauge",
    "Batches that were received and are not committed yet.",
    "As append_seconds. At its bound, batches are refused with RESOURCE_EXHAUSTED.",
)
LOG_RECORDS = Measure(
    "log_records",
    "gauge",
    "Records of each log, over all partitions.",
    "Nothing: a log only grows.",
    "log",
)
RECORDS_BEHIND = Measure(
    "materialize_behind_records",
    "gauge",
    "Records of each log that the tables do not hold yet.",
    "Reads are late. For a moment: a burst. For long: materialize is too slow or stopped; "
    "the server's log says why.",
    "log",
)
BATCH_AGE = Measure(
    "materialize_batch_age_seconds",
    "gauge",
    "Of the oldest batch in the last flush: from its acceptance until the tables held it.",
    "Reads are late by this. As materialize_behind_records; or the clocks of the machines differ.",
)
REBALANCES = Measure(
    "materialize_rebalances",
    "counter",
    "How often partitions of the events log came to this process or went.",
    "A few at each deployment. All the time: processes that feed the tables die, or stand still "
    "for longer than the group waits.",
)
PARTITIONS_HELD = Measure(
    "materialize_partitions",
    "gauge",
    "Partitions of each log that fall to this process.",
    "Nothing. 0 for long in all processes: nobody feeds the tables.",
    "log",
)
POINTS_MATERIALIZED = Measure(
    "materialized_points",
    "counter",
    "Points that were written to the live tables since this process feeds them.",
    "Nothing: it is the work done.",
)
DUPLICATES = Measure(
    "duplicate_batches",
    "counter",
    "Batches that came again and were counted once.",
    "Answers get lost between agents and server: a network that drops, a server that restarts.",
)
CONFLICTS = Measure(
    "conflicting_batches",
    "counter",
    "Batches of a known identity with another content. Should be 0 for ever.",
    "Two producers share an id, or a record was damaged: `runstream runs verify` names the run.",
)
SET_ASIDE = Measure(
    "set_aside_records",
    "counter",
    "Records that no table could take. Should be 0 for ever.",
    "A fault of ours, or rows that ClickHouse refuses: the server's log names the records and the "
    "reason; they stay in the event log. Mend the cause, then `runstream rebuild`.",
)
NOT_SHOWN = Measure(
    "not_shown_events",
    "counter",
    "Events that are kept in the log and shown by no table, by kind.",
    "Newer clients than the server: upgrade it, then `runstream rebuild`.",
    "kind",
)
FEED_FAILURES = Measure(
    "materialize_failures",
    "counter",
    "Flushes into the tables that failed and were tried again.",
    "The disk under the tables is full or broken, or memory is short: the server's log says what.",
)
LIMITS_REACHED = Measure(
    "limits_reached",
    "counter",
    "Batches and uploads that have to wait at a limit per run or per token, by limit.",
    "A program runs away, or a limit is too low: the agent's status names the run; "
    "RUNSTREAM_LIMIT_… of the server sets the limits.",
    "limit",
)
ARCHIVE_BEHIND = Measure(
    "archive_behind_records",
    "gauge",
    "Records of each log that are not in its archive yet.",
    "It rises between two passes of `runstream archive`. For long: that does not run, or fails; "
    "it says why.",
    "log",
)
ARCHIVE_OVERDUE = Measure(
    "archive_overdue_records",
    "gauge",
    "Events older than half of what their topic keeps, and not archived. Should be 0 for ever.",
    "Kafka will delete them before they are archived: run `runstream archive` at once, or set the "
    "topic's retention.ms to -1 until it has caught up.",
)
CREDENTIALS_REFUSED = Measure(
    "credentials_refused",
    "counter",
    "Calls without valid credentials, by door.",
    "A token has expired or was revoked and is still in use, or somebody tries to come in.",
    "door",
)
CALLS = Measure(
    "calls",
    "counter",
    "Calls that were answered, by gRPC method and status.",
    "INTERNAL or UNKNOWN: a fault of ours, with its trace in the server's log.",
    "method_and_status",
)
UPLOADS_STORED = Measure(
    "uploads_stored",
    "counter",
    "Artifacts that were received whole.",
    "Watch the disk under the artifacts.",
)
UPLOADS_FAILED = Measure(
    "uploads_failed",
    "counter",
    "Uploads that broke off, had another checksum or size, or a ticket that is not ours.",
    "Broken networks, or a client that changes a file while it sends it. Agents try again.",
)
UPLOADS_REAPED = Measure(
    "uploads_reaped",
    "counter",
    "Uploads to S3 that were begun long ago, never finished, and removed.",
    "Programs die while they upload, and their agents never come back: look at what ends them.",
)

#: All of them; the documentation's table is made from this.
MEASURES: tuple[Measure, ...] = (
    BATCHES_ACCEPTED,
    BYTES_ACCEPTED,
    BATCHES_REFUSED,
    APPEND_SECONDS,
    BYTES_IN_FLIGHT,
    LOG_RECORDS,
    RECORDS_BEHIND,
    BATCH_AGE,
    REBALANCES,
    PARTITIONS_HELD,
    POINTS_MATERIALIZED,
    DUPLICATES,
    CONFLICTS,
    SET_ASIDE,
    NOT_SHOWN,
    FEED_FAILURES,
    LIMITS_REACHED,
    ARCHIVE_BEHIND,
    ARCHIVE_OVERDUE,
    CREDENTIALS_REFUSED,
    CALLS,
    UPLOADS_STORED,
    UPLOADS_FAILED,
    UPLOADS_REAPED,
)

#: Upper bounds of a histogram's buckets, in seconds; the last one is open.
SECONDS_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class Histogram(NamedTuple):
    """How many values fell into each bucket, and their sum."""

    counts: tuple[int, ...]
    total: float


class Telemetry:
    """Counts. Thread-safe, cheap, never blocks for long."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[Measure, dict[str, float]] = {}
        self._buckets: dict[Measure, list[int]] = {}
        self._totals: dict[Measure, float] = {}
        self._watched: dict[Measure, Callable[[], Mapping[str, float]]] = {}

    def count(self, measure: Measure, amount: float = 1, label: str = "") -> None:
        """Adds to a counter."""
        with self._lock:
            values = self._counts.setdefault(measure, {})
            values[label] = values.get(label, 0) + amount

    def observe(self, measure: Measure, seconds: float) -> None:
        """Adds a value to a histogram."""
        with self._lock:
            buckets = self._buckets.setdefault(measure, [0] * (len(SECONDS_BUCKETS) + 1))
            buckets[bisect_left(SECONDS_BUCKETS, seconds)] += 1
            self._totals[measure] = self._totals.get(measure, 0.0) + seconds

    def watch(self, measure: Measure, read: Callable[[], Mapping[str, float]]) -> None:
        """A gauge is read when somebody looks: value by label, "" without one."""
        with self._lock:
            self._watched[measure] = read

    def values(self, measure: Measure) -> dict[str, float]:
        """A counter's or a gauge's values by label."""
        with self._lock:
            read = self._watched.get(measure)
            if read is None:
                return dict(self._counts.get(measure, {}))
        return dict(read())

    def histogram(self, measure: Measure) -> Histogram:
        """A histogram's buckets."""
        with self._lock:
            empty = [0] * (len(SECONDS_BUCKETS) + 1)
            return Histogram(
                tuple(self._buckets.get(measure, empty)), self._totals.get(measure, 0.0)
            )
