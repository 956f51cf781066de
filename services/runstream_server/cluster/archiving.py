"""`runstream archive` and `runstream archive verify`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from threading import Event

from runstream_server.cluster.archive import open_archive
from runstream_server.cluster.archive_watch import ArchiveWatch
from runstream_server.cluster.errors import RoleError, SettingError
from runstream_server.cluster.log import DeploymentLog
from runstream_server.cluster.settings import Deployment
from runstream_server.eventlog.archive.archive import Archive
from runstream_server.eventlog.archive.archiver import Archiver, Copied
from runstream_server.eventlog.archive.verify import Verified, verify
from runstream_server.eventlog.port import LogUnavailableError
from runstream_server.materialize.progress import Pace

_SAY_SECONDS = 1.0
_RETRY_SECONDS = 5.0
_MB = 1_000_000

Say = Callable[[str], None]


def archive_deployment(
    deployment: Deployment, interval_seconds: float | None, stop: Event, say: Say
) -> bool:
    """False when `stop` was set in the middle of the only pass.

    interval_seconds: from pass to pass; None: there is but one.
    Raises SettingError, RoleError, and the errors of log and archive; following, what
    passes by itself is tried again.
    """
    faults: list[str] = []

    def fault(reason: str) -> None:
        faults.append(reason)
        stop.set()

    with contextlib.ExitStack() as closing:
        archive = opened(deployment)
        closing.callback(archive.close)
        # As it is in Kafka: what is to be read there is what is not archived.
        log = DeploymentLog(deployment.log(), fault)
        closing.callback(log.close)
        work = _Work(log, archive, stop, say)
        done = work.once() if interval_seconds is None else work.follow(interval_seconds)
    if faults:
        raise RoleError(faults[0])
    return done


def verify_archive(deployment: Deployment, stop: Event, say: Say) -> Verified:
    """Reads all of it; raises SettingError and the errors of the archive."""
    with contextlib.closing(opened(deployment)) as archive:
        found = verify(archive, stop, Lines(say).verified)
    for sentence in found.damaged:
        say(f"{sentence}.")
    if found.unnamed:
        say(
            f"{len(found.unnamed)} objects belong to no entry of the manifest: an archiver was "
            f"killed or slower than another. They may be deleted: {', '.join(found.unnamed[:5])}"
            f"{', …' if len(found.unnamed) > 5 else ''}"
        )
    how = f"{len(found.damaged)} damaged" if found.damaged else "all as they were written"
    broken_off = "" if found.whole else "Broken off. "
    say(f"{broken_off}{_amount(found.records, found.objects)} read again: {how}.")
    return found


def opened(deployment: Deployment) -> Archive:
    """The deployment's archive; raises SettingError."""
    archive = open_archive(deployment)
    if archive is None:
        raise SettingError(
            "--archive (RUNSTREAM_ARCHIVE) is not set; for example s3:archive, a folder of the "
            "bucket, or an absolute path"
        )
    return archive


class _Work:
    def __init__(self, log: DeploymentLog, archive: Archive, stop: Event, say: Say) -> None:
        self._log, self._archive, self._stop, self._say = log, archive, stop, say
        self._watch = ArchiveWatch(log.kafka, archive)

    def once(self) -> bool:
        """One pass."""
        if wrong := self._watch.look():
            self._say(f"{wrong}.")
        lines = Lines(self._say)
        archiver = Archiver(self._log.kafka, self._archive, self._log.identity, lines.copied)
        copied = archiver.run(self._stop)
        if copied is None:
            self._say("Broken off; the same command goes on.")
            return False
        if copied.objects:
            self._say(
                f"Archived {_amount(copied.records, copied.objects)}, "
                f"{copied.record_bytes / _MB:.1f} MB of records as "
                f"{copied.object_bytes / _MB:.1f} MB."
            )
        else:
            self._say("There was nothing new to archive.")
        return True

    def follow(self, interval_seconds: float) -> bool:
        """Pass after pass until stopped."""
        while not self._stop.is_set():
            begun = time.monotonic()
            try:
                self.once()
            except LogUnavailableError as error:
                self._say(f"{error}. Tried again in {_RETRY_SECONDS:.0f} s.")
                self._stop.wait(_RETRY_SECONDS)
            else:
                self._stop.wait(max(interval_seconds - (time.monotonic() - begun), 0.0))
        return True


class Lines:
    """A line a second."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._said = time.monotonic()
        self._pace: Pace | None = None

    def moved(self, done_records: int, total_records: int) -> None:
        """How far, how fast, how long still."""
        now = time.monotonic()
        if self._pace is None:
            self._pace = Pace(done_records, now)
        if now - self._said >= _SAY_SECONDS:
            self._said = now
            self._say(self._pace.progress(done_records, total_records).line())

    def copied(self, copied: Copied) -> None:
        self.moved(copied.done_records, copied.total_records)

    def verified(self, found: Verified) -> None:
        now = time.monotonic()
        if now - self._said >= _SAY_SECONDS:
            self._said = now
            self._say(f"{_amount(found.records, found.objects)} read again")


def _amount(records: int, objects: int) -> str:
    return f"{_counted(records, 'record')} in {_counted(objects, 'object')}"


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
