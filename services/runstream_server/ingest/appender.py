"""Stamps requests and appends them; the one place where ingest meets a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from runstream.error_codes import RESOURCE_EXHAUSTED, TEMPORARILY_UNAVAILABLE
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.errors import ErrorPlace, ServiceError
from runstream_server.eventlog.genesis import LogIdentity
from runstream_server.eventlog.port import EventLog, LogFullError, LogUnavailableError, NewRecord

RETRY_AFTER_MS = 1000
# About the time of one full commit.
FULL_RETRY_MS = 200


def now_ms() -> int:
    """Unix time in ms."""
    return time.time_ns() // 1_000_000


class Clock:
    """The time that batches are stamped with: never goes backwards here.

    Delete and restore are ordered by it.
    """

    def __init__(self, read: Callable[[], int] = now_ms) -> None:
        self._read = read
        self._last = 0

    def now_ms(self) -> int:
        """Unix time in ms, at least what it was at the last call."""
        self._last = max(self._last, self._read())
        return self._last


def append(log: EventLog, partition: int, values: Sequence[bytes]) -> int:
    """Appends records side by side; returns where the partition goes on.

    Raises ServiceError TEMPORARILY_UNAVAILABLE, and RESOURCE_EXHAUSTED while as
    much is on its way as the log holds: the same request may come again.
    """
    try:
        return log.append([NewRecord(partition, value) for value in values])[-1] + 1
    except LogFullError as error:
        raise full(str(error)) from error
    except LogUnavailableError as error:
        raise unavailable(error) from error


def full(why: str, limit: str = "") -> ServiceError:
    """More arrives than the log takes; the caller still owns its batch and comes again."""
    return ServiceError(
        RESOURCE_EXHAUSTED,
        f"{why}; send this batch again in {FULL_RETRY_MS} ms.",
        ErrorPlace(limit=limit),
        retry_after_ms=FULL_RETRY_MS,
    )


def unavailable(error: LogUnavailableError) -> ServiceError:
    """The log is away for now."""
    return ServiceError(
        TEMPORARILY_UNAVAILABLE,
        f"The event log is not available: {error}. Nothing is lost; send the same request again.",
        retry_after_ms=RETRY_AFTER_MS,
    )


def position(
    identity: LogIdentity, offsets: Sequence[tuple[EventLog, int, int]]
) -> tracking.Position:
    """A position of (log, partition, next offset)."""
    return tracking.Position(
        log_id=identity.log_id,
        offsets=[
            tracking.PartitionOffset(log=log.log, partition=partition, next_offset=next_offset)
            for log, partition, next_offset in offsets
        ],
    )
