"""The registry as this process knows it, and how it catches up with the log."""

from __future__ import annotations

import threading
import time

from runstream.error_codes import TEMPORARILY_UNAVAILABLE
from runstream_server.errors import ServiceError
from runstream_server.eventlog.port import EventLog, LogUnavailableError
from runstream_server.events.registry import Experiment, Registry, Verdict
from runstream_server.ingest.appender import RETRY_AFTER_MS, unavailable

_POLL_BYTES = 4 * 1024 * 1024
_POLL_SECONDS = 0.2


class RegistryView:
    """Reads the registry log when somebody asks. Thread-safe.

    Every question first catches up with the end of the log, so an answer
    includes all that any process had registered when it was asked.
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._reader = log.open_reader({0: 0})
        self._state = Registry()
        self._lock = threading.Lock()

    def by_id(self, experiment_id: int, deadline: float) -> Experiment | None:
        """By id or provisional id, as of now."""
        with self._lock:
            self._catch_up(deadline)
            return self._state.get(experiment_id)

    def by_name(self, name: str, deadline: float) -> Experiment | None:
        """By name, as of now; deleted ones included."""
        with self._lock:
            self._catch_up(deadline)
            return self._state.by_name(name)

    def verdict(self, claim_id: bytes, deadline: float) -> Verdict | None:
        """What became of a claim, as of now."""
        with self._lock:
            self._catch_up(deadline)
            return self._state.verdict(claim_id)

    def next_offset(self) -> int:
        """Up to where answers so far were made."""
        with self._lock:
            return self._state.next_offset

    def close(self) -> None:
        """Ends the reading."""
        with self._lock:
            self._reader.close()

    def _catch_up(self, deadline: float) -> None:
        try:
            end = self._log.end_offsets()[0]
            while self._state.next_offset < end:
                for record in self._reader.poll(_POLL_BYTES, _POLL_SECONDS):
                    self._state.apply(record.offset, record.value)
                self._check_time(end, deadline)
        except LogUnavailableError as error:
            raise unavailable(error) from error

    def _check_time(self, end: int, deadline: float) -> None:
        if self._state.next_offset < end and time.monotonic() > deadline:
            raise ServiceError(
                TEMPORARILY_UNAVAILABLE,
                f"The registry is read up to {self._state.next_offset} of {end}; try again.",
                retry_after_ms=RETRY_AFTER_MS,
            )
