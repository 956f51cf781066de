"""Removing what killed uploads left: parts that nobody will put together any more."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from runstream_server.blobs.port import StoreUnavailableError
from runstream_server.blobs.s3 import S3Blobs

# Agents keep trying: one whose node was off for a weekend goes on where it was.
KEEP_HOURS = 7 * 24.0

_log = logging.getLogger(__name__)


class Reaped(NamedTuple):
    """What one round did."""

    aborted: int
    failed: int


def reap(
    blobs: S3Blobs, keep_hours: float = KEEP_HOURS, now: Callable[[], datetime] | None = None
) -> Reaped:
    """Aborts uploads in parts that were begun longer ago and not finished.

    Only below our prefix. An agent that still works on one begins again. May
    run anywhere, often, and in several processes at once. Raises
    StoreUnavailableError when the list cannot be had.
    """
    moment = (now or _utc_now)() - timedelta(hours=keep_hours)
    aborted = failed = 0
    for begun in blobs.begun_before(moment):
        try:
            blobs.abort(begun)
        except StoreUnavailableError as error:
            _log.warning("an upload of %s is not removed: %s", begun.begun, error)
            failed += 1
        else:
            aborted += 1
    if aborted:
        _log.info("%d unfinished uploads older than %g hours are removed", aborted, keep_hours)
    return Reaped(aborted, failed)


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)
