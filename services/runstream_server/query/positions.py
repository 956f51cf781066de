"""Waiting until the tables have passed a position of the log."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from runstream.error_codes import INVALID_PARAMETER_VALUE, TEMPORARILY_UNAVAILABLE
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.errors import ErrorPlace, ServiceError
from runstream_server.query.offsets import Offsets, Partition, missing_records, offsets_of
from runstream_server.query.tracker import Tracker
from runstream_server.query.view import View
from runstream_server.service import CallContext

_FIRST_PAUSE_SECONDS = 0.002
_LONGEST_PAUSE_SECONDS = 0.05
_RETRY_AFTER_MS = 500


class Waiter:
    """Gives the tables to read once they hold what the caller asked for.

    Called from many threads. `close` ends every wait.
    """

    def __init__(self, tracker: Tracker, log_id: str) -> None:
        self._tracker = tracker
        self._log_id = log_id
        self._closed = threading.Event()

    def view(self, ctx: CallContext) -> View:
        """Blocks until the tables have passed `ctx.position`.

        At most until `ctx.deadline`: then ServiceError TEMPORARILY_UNAVAILABLE,
        which says how far behind they are. A position of another log is refused.
        """
        if ctx.position is None or not ctx.position.offsets:
            return self._tracker.recent().view
        wanted = self._checked(ctx.position)
        pause = _FIRST_PAUSE_SECONDS
        look = self._tracker.recent()
        while behind := missing_records(wanted, look.applied):
            remaining = ctx.remaining_seconds()
            if remaining <= 0 or self._closed.wait(min(pause, remaining)):
                raise _behind(behind, closing=self._closed.is_set())
            pause = min(pause * 1.5, _LONGEST_PAUSE_SECONDS)
            look = self._tracker.later(look)
        return look.view

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
