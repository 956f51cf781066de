"""Waiting until the tables have passed a position of the log."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import NamedTuple

from runstream.error_codes import INVALID_PARAMETER_VALUE, TEMPORARILY_UNAVAILABLE
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.errors import ErrorPlace, ServiceError
from runstream_server.query.view import View, open_view
from runstream_server.service import CallContext
from runstream_server.store.engine import Store

_FIRST_PAUSE_SECONDS = 0.002
_LONGEST_PAUSE_SECONDS = 0.05
_RETRY_AFTER_MS = 500


class Partition(NamedTuple):
    """A partition of a log, as positions name it."""

    log: str
    number: int


Offsets = dict[Partition, int]


def offsets_of(position: tracking.Position) -> Offsets:
    """The position as a map; the greatest where a partition stands twice."""
    offsets: Offsets = {}
    for entry in position.offsets:
        partition = Partition(entry.log, entry.partition)
        offsets[partition] = max(entry.next_offset, offsets.get(partition, 0))
    return offsets


def position_of(log_id: str, offsets: Mapping[Partition, int]) -> tracking.Position:
    """The map as a message, in a fixed order."""
    return tracking.Position(
        log_id=log_id,
        offsets=[
            tracking.PartitionOffset(log=log, partition=number, next_offset=offset)
            for (log, number), offset in sorted(offsets.items())
        ],
    )


def read_applied(view: View) -> Offsets:
    """How far the tables of this generation are."""
    rows = view.rows(
        f"SELECT log, partition, max(next_offset) FROM {view.table('applied')} "
        "GROUP BY log, partition",
        {},
    )
    return {Partition(log, number): offset for log, number, offset in rows}


def missing_records(wanted: Offsets, applied: Offsets) -> dict[Partition, int]:
    """Per partition that is behind, by how many records."""
    behind = {part: offset - applied.get(part, 0) for part, offset in wanted.items()}
    return {part: count for part, count in behind.items() if count > 0}


class Waiter:
    """Gives the tables to read once they hold what the caller asked for.

    Called from many threads. `close` ends every wait.
    """

    def __init__(self, store: Store, log_id: str) -> None:
        self._store = store
        self._log_id = log_id
        self._closed = threading.Event()

    def view(self, ctx: CallContext) -> View:
        """Blocks until the tables have passed `ctx.position`.

        At most until `ctx.deadline`: then ServiceError TEMPORARILY_UNAVAILABLE,
        which says how far behind they are. A position of another log is refused.
        """
        if ctx.position is None or not ctx.position.offsets:
            return open_view(self._store)
        wanted = self._checked(ctx.position)
        pause = _FIRST_PAUSE_SECONDS
        while True:
            view = open_view(self._store)
            behind = missing_records(wanted, read_applied(view))
            if not behind:
                return view
            remaining = ctx.remaining_seconds()
            if remaining <= 0 or self._closed.wait(min(pause, remaining)):
                raise _behind(behind, closing=self._closed.is_set())
            pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)

    def close(self) -> None:
        """Ends every wait with TEMPORARILY_UNAVAILABLE. Idempotent."""
        self._closed.set()

    def _checked(self, position: tracking.Position) -> Offsets:
        if position.log_id != self._log_id:
            raise ServiceError(
                INVALID_PARAMETER_VALUE,
                f"The position belongs to the log {position.log_id!r}, and this server reads "
                f"{self._log_id!r}: what was written there can never be seen here. "
                "Read at the server that was written to, or without the position.",
                ErrorPlace(field="runstream-position-bin"),
            )
        return offsets_of(position)


def _behind(behind: Mapping[Partition, int], *, closing: bool) -> ServiceError:
    lag = ", ".join(
        f"{count} records of {part.log}/{part.number}" for part, count in sorted(behind.items())
    )
    why = "The server is stopping" if closing else "The tables have not caught up in time"
    return ServiceError(
        TEMPORARILY_UNAVAILABLE,
        f"{why}: they are behind by {lag}. What was written is safe in the log; "
        "read again in a moment.",
        retry_after_ms=_RETRY_AFTER_MS,
    )
