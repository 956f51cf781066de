"""Removing what killed uploads left: parts that nobody will put together any more."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from runstream_server.blobs.port import StoreUnavailableError
from runstream_server.blobs.s3 import S3Blobs
from runstream_server.telemetry import UPLOADS_REAPED, Telemetry

# A round is one question where nothing is left behind.
_INTERVAL_SECONDS = 3600.0

_log = logging.getLogger(__name__)


class Reaped(NamedTuple):
    """What one round did."""

    aborted: int
    failed: int


def reap(blobs: S3Blobs, keep_hours: float, now: Callable[[], datetime] | None = None) -> Reaped:
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


class Reaper:
    """Reaps from a thread of its own: at once, then every hour."""

    def __init__(self, blobs: S3Blobs, keep_hours: float, telemetry: Telemetry) -> None:
        """blobs: closed by the caller, later."""
        self._blobs = blobs
        self._keep_hours = keep_hours
        self._telemetry = telemetry
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reaper", daemon=True)

    def start(self) -> None:
        """Once."""
        self._thread.start()

    def close(self) -> None:
        """Returns when the round in hand is over. May be called twice."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                reaped = reap(self._blobs, self._keep_hours)
                self._telemetry.count(UPLOADS_REAPED, reaped.aborted)
            except StoreUnavailableError as error:
                _log.warning("unfinished uploads are looked for again in a while: %s", error)
            # Processes that were started together do not all ask at once.
            if self._closed.wait(_INTERVAL_SECONDS * random.uniform(0.5, 1.0)):
                return


def _utc_now() -> datetime:
    return datetime.now(timezone.utc)
