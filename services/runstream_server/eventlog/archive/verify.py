"""Reading the whole archive again, and comparing it with its manifest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Event

from runstream_server.eventlog.archive.archive import Archive
from runstream_server.eventlog.archive.errors import ArchiveMismatchError
from runstream_server.eventlog.archive.segment import Segment, records_folder
from runstream_server.eventlog.port import EVENTS, REGISTRY


@dataclass(frozen=True)
class Verified:
    """What was found.

    damaged: a sentence each. unnamed: objects that no entry names: an archiver was
    killed, or was slower than another; they may be deleted.
    """

    objects: int = 0
    records: int = 0
    record_bytes: int = 0
    object_bytes: int = 0
    damaged: tuple[str, ...] = ()
    unnamed: tuple[str, ...] = ()
    whole: bool = True


OnVerified = Callable[[Verified], None]


def verify(archive: Archive, stop: Event, on_verified: OnVerified | None = None) -> Verified:
    """Reads every object; goes on behind a damaged one. `whole` is False when stopped before.

    Raises ArchiveUnavailableError, and ArchiveMismatchError when nothing was archived.
    """
    identity = archive.identity()
    if identity is None:
        raise ArchiveMismatchError(
            f"Nothing was archived to {archive.objects.describe()}: `runstream archive` does it"
        )
    found = Verified()
    parts = [(REGISTRY, 0), *((EVENTS, part) for part in range(identity.partitions))]
    for log, partition in parts:
        for now in _partition(archive, log, partition, found):
            found = now
            if on_verified is not None:
                on_verified(found)
            if stop.is_set():
                return _with(found, whole=False)
    return found


def _partition(archive: Archive, log: str, partition: int, found: Verified) -> Iterator[Verified]:
    named: set[str] = set()
    segments = archive.segments(log, partition)
    while True:
        try:
            segment = next(segments, None)
        except ArchiveMismatchError as error:
            # What follows cannot be found without this entry.
            yield _with(found, damaged=(*found.damaged, str(error)))
            return
        if segment is None:
            break
        named.add(segment.name.rpartition("/")[2])
        found = _segment(archive, segment, found)
        yield found
    there = archive.objects.names(records_folder(log, partition))
    folder = records_folder(log, partition)
    unnamed = [f"{folder}/{name}" for name in there if name not in named]
    yield _with(found, unnamed=(*found.unnamed, *unnamed))


def _segment(archive: Archive, segment: Segment, found: Verified) -> Verified:
    try:
        count = sum(1 for _ in archive.records(segment))
    except ArchiveMismatchError as error:
        return _with(found, damaged=(*found.damaged, str(error)))
    return _with(
        found,
        objects=found.objects + 1,
        records=found.records + count,
        record_bytes=found.record_bytes + segment.record_bytes,
        object_bytes=found.object_bytes + segment.size_bytes,
    )


def _with(found: Verified, **changes: object) -> Verified:
    return Verified(**{**found.__dict__, **changes})
