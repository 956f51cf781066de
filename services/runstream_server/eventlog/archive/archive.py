"""The archive: which stretches of the logs it holds, contiguous from offset 0.

    archive.json                                which log it is of
    keepers/NUMBER.json                         where that log is kept: the last one counts
    LOG/PARTITION/manifest/FIRST.json           an entry: the object with the records from there
    LOG/PARTITION/records/FIRST-NEXT-SHA.zst    the object

An entry is written after its object, and only where there is none: whoever comes
second takes what the first one wrote. An object without an entry counts for nothing.
"""

from __future__ import annotations

import json
import threading
from bisect import bisect_right
from collections.abc import Iterator

from runstream_server.eventlog.archive.errors import ArchiveMismatchError
from runstream_server.eventlog.archive.objects import Objects
from runstream_server.eventlog.archive.segment import (
    Segment,
    damaged,
    manifest_folder,
    read_records,
    segment_of,
)
from runstream_server.eventlog.genesis import LogIdentity
from runstream_server.eventlog.port import Record

_IDENTITY = "archive.json"
_KEEPERS = "keepers"
_SUFFIX = ".json"


class Archive:
    """Thread-safe. All methods raise ArchiveUnavailableError and ArchiveMismatchError."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self._lock = threading.Lock()
        # Where the entries begin, in order; and the last one read, per log and partition.
        self._firsts: dict[tuple[str, int], list[int]] = {}
        self._last: dict[tuple[str, int], Segment] = {}

    def identity(self) -> LogIdentity | None:
        """Whose records it holds; None: nobody has archived anything here."""
        found = self.objects.get(_IDENTITY)
        if found is None:
            return None
        try:
            fields = json.loads(found)
            return LogIdentity(fields["log_id"], fields["partitions"])
        except (ValueError, TypeError, KeyError) as error:
            raise ArchiveMismatchError(
                f"The archive {self.objects.describe()} is damaged: {_IDENTITY} cannot be read"
            ) from error

    def check_identity(self, identity: LogIdentity) -> bool:
        """Whether anything was archived here; raises for an archive of another log."""
        found = self.identity()
        if found is not None and found.described() != identity.described():
            raise ArchiveMismatchError(
                f"The archive {self.objects.describe()} is of another log ({found.described()}, "
                f"this one is {identity.described()}). Nothing was changed; set "
                "RUNSTREAM_ARCHIVE to the archive of this log, or to a new place"
            )
        self.check_keeper(identity)
        return found is not None

    def check_keeper(self, identity: LogIdentity) -> None:
        """Raises ArchiveMismatchError when the log was restored elsewhere since."""
        keepers = self.keepers()
        if keepers and keepers[-1] != identity.incarnation:
            raise ArchiveMismatchError(
                f"The archive {self.objects.describe()} goes on with this log as it was restored "
                "into other topics: what these topics hold behind it is not of that log. Nothing "
                "was changed; stop the processes of these topics, or restore into them again "
                "(`runstream archive restore`) once they are deleted"
            )

    def keepers(self) -> list[str]:
        """The incarnations of the log that were archived here; the last one still is."""
        found = []
        for name in self.objects.names(_KEEPERS):
            data = self.objects.get(f"{_KEEPERS}/{name}") or b""
            try:
                found.append(str(json.loads(data)["incarnation"]))
            except (ValueError, TypeError, KeyError) as error:
                raise ArchiveMismatchError(
                    f"The archive {self.objects.describe()} is damaged: {_KEEPERS}/{name} cannot "
                    "be read. Restore it from a copy of the archive"
                ) from error
        return found

    def hand_over(self, identity: LogIdentity) -> None:
        """From now on it is the archive of this incarnation of the log."""
        keepers = self.keepers()
        if not keepers or keepers[-1] != identity.incarnation:
            data = json.dumps({"incarnation": identity.incarnation}).encode()
            self.objects.put(f"{_KEEPERS}/{len(keepers):05d}.json", data)
        # Another one may have been quicker.
        self.check_keeper(identity)

    def claim(self, identity: LogIdentity) -> None:
        """From now on it is the archive of this log."""
        fields = {
            "runstream_archive": 1,
            "log_id": identity.log_id,
            "partitions": identity.partitions,
        }
        data = json.dumps(fields, indent=1).encode()
        if self.objects.put(_IDENTITY, data) and self.objects.put(_IDENTITY, data):
            raise ArchiveMismatchError(
                f"The archive {self.objects.describe()} cannot be used: that storage replaces an "
                "object although it is told not to (If-None-Match), so two archivers could "
                "overwrite each other. Use one that obeys, or a folder"
            )
        self.check_identity(identity)
        if not self.keepers():
            self.hand_over(identity)

    def end(self, log: str, partition: int) -> int:
        """The first offset that it does not hold, as of now."""
        firsts = self._refreshed(log, partition)
        return self._entry(log, partition, firsts[-1]).next if firsts else 0

    def segment_at(self, log: str, partition: int, offset: int) -> Segment | None:
        """The segment with that record; None when the archive ends before it."""
        firsts = self._firsts.get((log, partition), [])
        found = self._covering(log, partition, firsts, offset)
        if found is not None:
            return found
        firsts = self._refreshed(log, partition)
        found = self._covering(log, partition, firsts, offset)
        if found is None and firsts and (firsts[-1] > offset or firsts[0] > 0):
            raise ArchiveMismatchError(
                f"The archive {self.objects.describe()} is damaged: no entry in "
                f"{manifest_folder(log, partition)} holds offset {offset}, and later ones are "
                "there. Restore it from a copy of the archive"
            )
        return found

    def segments(self, log: str, partition: int) -> Iterator[Segment]:
        """All of a partition, each from where the one before it ended."""
        offset = 0
        while (segment := self.segment_at(log, partition, offset)) is not None:
            yield segment
            offset = segment.next

    def records(self, segment: Segment) -> Iterator[Record]:
        """What a segment holds; its bytes are compared with the manifest before the first one."""
        data = self.objects.get(segment.name)
        if data is None:
            raise damaged(segment, "it is gone")
        return read_records(segment, data)

    def add(self, segment: Segment, data: bytes) -> Segment:
        """Adds a segment at the end; returns the one that begins there now, which may be
        somebody else's."""
        if not self.objects.put(segment.name, data) and self.objects.get(segment.name) != data:
            raise ArchiveMismatchError(
                f"The archive {self.objects.describe()} is damaged: the object {segment.name}, "
                "which no entry of the manifest names, holds other bytes than its name says. "
                "Delete it, then archive again"
            )
        self.objects.put(
            _entry_name(segment.log, segment.partition, segment.first), segment.entry()
        )
        # Not ours when another archiver was quicker; ours after a lost answer as well.
        return self._entry(segment.log, segment.partition, segment.first, known=False)

    def close(self) -> None:
        """May be called twice."""
        self.objects.close()

    def _covering(self, log: str, partition: int, firsts: list[int], offset: int) -> Segment | None:
        at = bisect_right(firsts, offset) - 1
        if at < 0:
            return None
        segment = self._entry(log, partition, firsts[at])
        return segment if offset < segment.next else None

    def _refreshed(self, log: str, partition: int) -> list[int]:
        key = (log, partition)
        with self._lock:
            known = self._firsts.get(key, [])
            after = f"{known[-1]:020d}{_SUFFIX}" if known else ""
            new = [
                int(name.removesuffix(_SUFFIX))
                for name in self.objects.names(manifest_folder(log, partition), after)
                if name.endswith(_SUFFIX)
            ]
            self._firsts[key] = [*known, *new]
            return self._firsts[key]

    def _entry(self, log: str, partition: int, first: int, known: bool = True) -> Segment:
        cached = self._last.get((log, partition))
        if known and cached is not None and cached.first == first:
            return cached
        name = _entry_name(log, partition, first)
        data = self.objects.get(name)
        if data is None:
            raise ArchiveMismatchError(
                f"The archive {self.objects.describe()} is damaged: the entry {name} of its "
                "manifest is gone. Restore it from a copy of the archive"
            )
        segment = segment_of(data, name)
        if (segment.log, segment.partition, segment.first) != (log, partition, first):
            raise ArchiveMismatchError(
                f"The archive {self.objects.describe()} is damaged: the entry {name} of its "
                "manifest is of other records. Restore it from a copy of the archive"
            )
        self._last[(log, partition)] = segment
        return segment


def _entry_name(log: str, partition: int, first: int) -> str:
    return f"{manifest_folder(log, partition)}/{first:020d}{_SUFFIX}"
