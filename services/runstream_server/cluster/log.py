"""The log of a deployment: opened, known by its identity, measured."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from runstream_server.cluster.archive_watch import ArchiveWatch
from runstream_server.cluster.errors import SettingError
from runstream_server.eventlog.archive.archive import Archive
from runstream_server.eventlog.archive.archiver import Logs, check_contiguous
from runstream_server.eventlog.archive.log import archived
from runstream_server.eventlog.genesis import LogIdentity, establish
from runstream_server.eventlog.kafka.logs import KafkaLogs
from runstream_server.eventlog.kafka.mending import MEND
from runstream_server.eventlog.kafka.settings import KEEP, KafkaSettings
from runstream_server.eventlog.kafka.topics import TopicError
from runstream_server.eventlog.port import LogMismatchError, LogUnavailableError
from runstream_server.telemetry import LOG_RECORDS, Telemetry

EndOffsets = dict[tuple[str, int], int]

_LOOK_SECONDS = 5.0

_log = logging.getLogger(__name__)


class DeploymentLog:
    """Both logs and which they are.

    on_fault: told once, from any thread, when the topics were replaced: the process must end.
    archive: what Kafka has deleted is read from there; closed with the logs.
    Raises LogUnavailableError, LogMismatchError, and SettingError for topics that would lose
    records.
    """

    def __init__(
        self,
        settings: KafkaSettings,
        on_fault: Callable[[str], None],
        archive: Archive | None = None,
    ) -> None:
        try:
            self.kafka = KafkaLogs(settings, on_fault)
        except TopicError as error:
            raise SettingError(str(error)) from error
        self.logs: Logs = self.kafka
        self._archive = archive
        self._watch: ArchiveWatch | None = None
        self._on_fault = on_fault
        self._closed = threading.Event()
        try:
            self.identity: LogIdentity = establish(self.logs.events, self.logs.registry)._replace(
                incarnation=self.kafka.incarnation
            )
            if archive is not None:
                self._check_archive(archive)
                self.logs = archived(self.kafka, archive)
        except BaseException:
            self.kafka.close()
            raise
        self._thread = threading.Thread(target=self._look_after, name="log-ends", daemon=True)
        self._thread.start()

    def end_offsets(self) -> EndOffsets:
        """Per (log, partition) the offset of the next append."""
        return {
            (log.log, partition): end
            for log in (self.logs.events, self.logs.registry)
            for partition, end in log.end_offsets().items()
        }

    def watch(self, telemetry: Telemetry) -> None:
        """Shows how many records there are."""

        def records() -> dict[str, float]:
            counts: dict[str, float] = {}
            for (log, _), end in self.end_offsets().items():
                counts[log] = counts.get(log, 0.0) + end
            return counts

        telemetry.watch(LOG_RECORDS, records)

    def watch_archive(self, telemetry: Telemetry) -> None:
        """Shows how far the archive is behind, and warns; nothing without one."""
        if self._archive is not None and self._watch is None:
            self._watch = ArchiveWatch(self.kafka, self._archive)
            self._watch.watch(telemetry)
            self._watch.start()

    def close(self) -> None:
        """May be called twice."""
        self._closed.set()
        if self._watch is not None:
            self._watch.close()
        self._thread.join()
        self.kafka.close()
        if self._archive is not None:
            self._archive.close()

    def _check_archive(self, archive: Archive) -> None:
        begun = archive.check_identity(self.identity)
        kept_ms = KEEP if begun else self.kafka.retention_ms()
        if kept_ms != KEEP:
            topic = self.kafka.topic(self.kafka.events.log)
            raise SettingError(
                f"{topic.name}: retention.ms is {kept_ms}, and nothing was archived to "
                f"{archive.objects.describe()} yet: records could be deleted that are nowhere "
                "else. Run `runstream archive` first, and let it run again and again (--follow)"
            )
        for log in (self.logs.registry, self.logs.events):
            check_contiguous(log, archive)

    def _look_after(self) -> None:
        seen: EndOffsets = {}
        while not self._closed.wait(_LOOK_SECONDS):
            try:
                ends = self.end_offsets()
            except LogUnavailableError as error:
                _log.warning("where the log ends is asked again in a moment: %s", error)
                continue
            except LogMismatchError:
                return  # Told already, by whoever found it.
            if fault := shrunk(seen, ends):
                self._on_fault(fault)
                return
            seen = ends


def shrunk(before: EndOffsets, now: EndOffsets) -> str:
    """What is wrong when a log ends before where it ended; empty: nothing."""
    for (log, partition), end in sorted(before.items()):
        if now.get((log, partition), 0) < end:
            return (
                f"partition {partition} of the {log} log ended at {end} and now ends at "
                f"{now.get((log, partition), 0)}: it lost records that were acknowledged. Stop "
                f"every process. {MEND}"
            )
    return ""
