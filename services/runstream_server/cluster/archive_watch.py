"""Does the archive keep up with what Kafka deletes?"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from runstream_server.eventlog.archive.archive import Archive
from runstream_server.eventlog.kafka.logs import KafkaLogs
from runstream_server.eventlog.kafka.settings import KEEP
from runstream_server.eventlog.port import EVENTS, LogMismatchError, LogUnavailableError
from runstream_server.telemetry import ARCHIVE_BEHIND, ARCHIVE_OVERDUE, Telemetry

_LOOK_SECONDS = 60.0

_log = logging.getLogger(__name__)


class ArchiveWatch:
    """Looks once a minute from a thread of its own; warns while something is overdue."""

    def __init__(
        self, logs: KafkaLogs, archive: Archive, now_ms: Callable[[], int] | None = None
    ) -> None:
        self._now_ms = now_ms or (lambda: time.time_ns() // 1_000_000)
        self._logs = logs
        self._archive = archive
        self._closed = threading.Event()
        self._behind: dict[str, float] = {}
        self._overdue = 0
        self._thread: threading.Thread | None = None

    def watch(self, telemetry: Telemetry) -> None:
        """Shows what the last look found."""
        telemetry.watch(ARCHIVE_BEHIND, lambda: dict(self._behind))
        telemetry.watch(ARCHIVE_OVERDUE, lambda: {"": float(self._overdue)})

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="archive-watch", daemon=True)
        self._thread.start()

    def look(self) -> str:
        """What is wrong, in a sentence; empty: nothing.

        Raises LogUnavailableError and LogMismatchError.
        """
        archived: dict[int, int] = {}
        for log in (self._logs.events, self._logs.registry):
            held = {part: self._archive.end(log.log, part) for part in range(log.partitions)}
            ends = log.end_offsets()
            behind = sum(max(ends[part] - end, 0) for part, end in held.items())
            self._behind = {**self._behind, log.log: float(behind)}
            if log.log == EVENTS:
                archived = held
        # It may be changed while we run.
        kept_ms = self._logs.retention_ms()
        if kept_ms == KEEP:
            self._overdue = 0
            return ""
        half_ago = self._now_ms() - kept_ms // 2
        young = self._logs.events_since(half_ago)
        self._overdue = sum(max(young[part] - end, 0) for part, end in archived.items())
        if not self._overdue:
            return ""
        return (
            f"{self._overdue} records of {self._logs.topic(EVENTS).name} are older than half of "
            f"its retention.ms ({kept_ms}) and not archived: Kafka will delete them. Run "
            "`runstream archive` at once, or set retention.ms to -1 until it has caught up"
        )

    def close(self) -> None:
        """May be called twice."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            try:
                if wrong := self.look():
                    _log.error("%s", wrong)
            except LogUnavailableError as error:
                _log.warning("the archive is looked at again in a moment: %s", error)
            except LogMismatchError as error:
                _log.error("the archive cannot be watched any more: %s", error)
                return
            if self._closed.wait(_LOOK_SECONDS):
                return
