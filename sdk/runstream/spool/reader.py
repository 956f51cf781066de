"""The spool of one process, as the agent reads it.

Garbage in any file raises nothing: what cannot be read is left out and named
in `damage`. One reader per process folder, and used by one thread at a time.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from runstream.spool.cells import SegmentView
from runstream.spool.chain import Chain
from runstream.spool.errors import SpoolInUse
from runstream.spool.events import EventsFile, write_frame
from runstream.spool.filesystem import is_mappable
from runstream.spool.folders import GONE_PREFIX, ScopeFolders, boot_id, make_private, sweep
from runstream.spool.format import CELL, FileKind, Header, pack_frame
from runstream.spool.frames import EventsView, Frame
from runstream.spool.limits import EVENTS_FILE_BYTES
from runstream.spool.meta import (
    ACCEPTED_CELLS,
    ACCEPTED_EVENT_BYTES,
    ARTIFACTS_ACCEPTED,
    META_NAME,
    MIRROR,
    REFUSED_COUNT,
    WORDS,
    MetaFile,
)
from runstream.spool.mirror import Mirror
from runstream.v1 import spool_pb2

__all__ = ["Frame", "SpoolReader"]

_DAMAGE_MAX = 1000
_FRAMES_BYTES = 1024 * 1024


class SpoolReader:
    """Positions are absolute: cells and bytes of frames since the process started."""

    def __init__(self, folders: ScopeFolders, name: str) -> None:
        """`folders` of the scope, `name` of the process's sub-folder.

        FileNotFoundError when there is no meta file (it was removed meanwhile),
        ValueError when it is damaged: whose points these are is not known.
        """
        self.name = name
        self.folders = folders.process(name)
        # What could not be read: one sentence each.
        self.damage: list[str] = []
        try:
            self._meta_file = MetaFile(self.folders.active / META_NAME)
        except (FileNotFoundError, NotADirectoryError):
            self._meta_file = MetaFile(self.folders.disk / META_NAME)
        self.meta = self._meta_file.meta
        # The machine was restarted, or its tmpfs emptied: the writer is gone,
        # and what it wrote last may be missing.
        copied = self._meta_file.word(MIRROR) == 1
        self.rebooted = copied or self.meta.boot_id != boot_id()
        self._mirror_meta: MetaFile | None = None
        producer_id = self.meta.producer_id
        mappable = {folder: is_mappable(folder) for folder in set(self.folders)}
        self._points: Chain[SegmentView] = Chain(
            self.folders,
            "points",
            lambda path: SegmentView.open(path, producer_id, mappable[path.parent]),
            self._report,
        )
        self._events: Chain[EventsView] = Chain(
            self.folders, "events", lambda path: EventsView.open(path, producer_id), self._report
        )

    def _report(self, sentence: str) -> None:
        if sentence not in self.damage and len(self.damage) < _DAMAGE_MAX:
            self.damage.append(sentence)

    # ---- The writer.

    def writer_alive(self) -> bool:
        """Whether the writer holds its lock. After False nothing is written any more."""
        return not self.rebooted and self._meta_file.writer_alive()

    def adopt(self) -> bool:
        """Take the lock of a dead writer, so that no other agent does; False when it is held."""
        if not self._meta_file.adopt():
            return False
        self._points.refresh()
        self._events.refresh()
        return True

    def _final(self) -> bool:
        return self.rebooted or self._meta_file.adopted

    def last_written_ms(self) -> int:
        """About when the process wrote last, Unix time in ms."""
        last = self.meta.started_ms
        for view in self._events.views():
            last = max(last, view.modified_ms())
        for piece in self.cells(max(0, self.valid_cells() - 1), self.valid_cells()):
            last = max(last, min(CELL.unpack_from(piece)[4], time.time_ns() // 1_000_000))
        return last

    # ---- Reading.

    def valid_cells(self) -> int:
        """How many cells may be read: the valid prefix. Final once the writer is dead."""
        while True:
            view = self._points.view(self._points.numbers[-1]) if self._points.numbers else None
            count = view.valid(self._final()) if view is not None else 0
            full = view is None or count >= view.capacity
            early = view is not None and view.kind is FileKind.APPENDED_POINTS
            if (full or early) and self._points.grow():
                continue
            return view.base + count if view is not None else self._readable_end()

    def _readable_end(self) -> int:
        views = self._points.views()
        return views[-1].base + views[-1].valid(final=True) if views else 0

    def cells(self, start: int, stop: int) -> list[memoryview]:
        """The points of the cells [start, stop), which `valid_cells` has covered.

        Each piece is a byte view of whole 32-byte cells, and stays readable
        when files are released. Void and damaged cells are left out, so the
        pieces may hold fewer than stop - start.
        """
        pieces: list[memoryview] = []
        for view, end in self._extents():
            first, last = max(start, view.base), min(stop, end)
            if first < last:
                pieces += view.pieces(first - view.base, last - view.base, self._report)
        return pieces

    def _extents(self) -> Iterator[tuple[SegmentView, int]]:
        """Every segment, and the absolute cell at which it ends."""
        for view, following in self._points.with_next():
            end = view.base + view.capacity
            if following is not None and following.number == view.number + 1:
                end = min(following.base, end)
            elif following is not None:
                self._report(f"points.{view.number + 1:06d} is missing or damaged")
            yield view, end

    def frames(self, start_bytes: int, max_bytes: int = _FRAMES_BYTES) -> list[Frame]:
        """The frames from `start_bytes` on, of `max_bytes` or one frame.

        Ends before one that is not whole; the next call may have the rest.
        """
        last = self._events.last()
        if last is not None and not last.sealed and start_bytes >= last.base + last.size():
            return []
        found: list[Frame] = []
        at = start_bytes
        while True:
            for frame in self._frames_from(at):
                if found and frame.end - start_bytes > max_bytes:
                    return found
                found.append(frame)
                at = frame.end
            last = self._events.last()
            if (last is not None and not last.sealed) or not self._events.grow():
                return found

    def _frames_from(self, start: int) -> Iterator[Frame]:
        for view, following in self._events.with_next():
            stop = following.base if following is not None else None
            if stop is None or stop > start:
                yield from view.frames(start, stop, self._final(), self._report)

    # ---- What was accepted.

    @property
    def accepted_cells(self) -> int:
        """Cells before this one are in the log, or were refused for good."""
        return self._meta_file.word(ACCEPTED_CELLS)

    @property
    def accepted_event_bytes(self) -> int:
        """The same for the bytes of frames."""
        return self._meta_file.word(ACCEPTED_EVENT_BYTES)

    @property
    def refused_count(self) -> int:
        """How many refusals are set aside."""
        return self._meta_file.word(REFUSED_COUNT)

    @property
    def artifacts_accepted(self) -> int:
        """How many artifacts are stored and logged."""
        return self._meta_file.word(ARTIFACTS_ACCEPTED)

    def accept(self, cells: int, event_bytes: int) -> None:
        """Remember that everything before these positions is in the log."""
        self._store(ACCEPTED_CELLS, cells)
        self._store(ACCEPTED_EVENT_BYTES, event_bytes)

    def count_refusal(self) -> None:
        """One more was refused for good."""
        self._store(REFUSED_COUNT, self.refused_count + 1)

    def count_artifact(self) -> None:
        """One more artifact is stored and logged."""
        self._store(ARTIFACTS_ACCEPTED, self.artifacts_accepted + 1)

    def _store(self, index: int, value: int) -> None:
        self._meta_file.store_word(index, value)
        if self._mirror_meta is not None:
            self._mirror_meta.store_word(index, value)

    # ---- Changing it.

    def append_frames(self, frames: Iterable[spool_pb2.SpoolFrame]) -> None:
        """Add to the events of a dead writer, all or nothing. After `adopt` only.

        `cells_before` is set here. OSError when there is no room.
        """
        self._must_be_dead()
        cells = self.valid_cells()
        end, number = 0, 0
        for view in self._events.views():
            end, number = max(end, view.base), view.number
        for known in self._frames_from(end):
            end = known.end
        number = max([number, *self._events.numbers]) + 1
        header = Header(FileKind.EVENTS, number, end, EVENTS_FILE_BYTES, self.meta.producer_id)
        make_private(self.folders.disk)
        file = EventsFile.create(self.folders.disk, header)
        for frame in frames:
            frame.cells_before = cells
            if not write_frame(file, pack_frame(frame.SerializeToString())):
                file.discard()
                raise OSError(errno.ENOSPC, f"no room for the end of {self.name}")
        file.publish()
        self._events.refresh()

    def release(self, cells: int, event_bytes: int) -> None:
        """Delete the files that hold nothing after these positions (never the last)."""
        for number, following in self._points.pairs():
            if following.base <= cells:
                self._points.remove(number)
        for number, after in self._events.pairs():
            if after.base <= event_bytes:
                self._events.remove(number)

    def spill(self, sync: bool = True) -> int:
        """Copy what is not accepted to the disk; returns the bytes written.

        Files that have a successor then leave tmpfs. `sync`: wait until the
        disk has it, which may take long on a busy one. OSError (ENOSPC) when
        it has no room: nothing is lost, call again.
        """
        if self.folders.same or not self.folders.active.is_dir():
            return 0
        mirror = Mirror(self.folders, sync)
        if self._mirror_meta is None:
            self._mirror_meta = mirror.copy_meta()
            for index in WORDS:
                self._mirror_meta.store_word(index, self._meta_file.word(index))
        valid, accepted = self.valid_cells(), self.accepted_cells
        # Frames first: a point needs its definitions.
        copied = mirror.copy_events(self._events)
        return copied + mirror.copy_points(self._points, self._extents(), valid, accepted)

    def _must_be_dead(self) -> None:
        if self.writer_alive():
            raise SpoolInUse(f"the process that writes {self.name} is alive")

    def remove(self) -> None:
        """Delete the spool of a dead process, in both folders. SpoolInUse while it lives."""
        self._must_be_dead()
        for folder in set(self.folders):
            _hide(folder)
            sweep(folder.parent)
        self.close()

    def close(self) -> None:
        """Give up the descriptors (and an adopted lock)."""
        self._meta_file.close()
        if self._mirror_meta is not None:
            self._mirror_meta.close()
        self._events.forget()


def _hide(folder: Path) -> None:
    """Rename it before it is deleted: nobody may find half of a spool."""
    with contextlib.suppress(FileNotFoundError):
        os.rename(folder, folder.with_name(GONE_PREFIX + folder.name))
