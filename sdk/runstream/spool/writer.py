"""The spool of one process: what the SDK writes, and the agent reads.

Nothing here waits for another process but a full disk (policy "block"), starts
a thread, or takes a lock that a signal handler of the same thread could meet:
the only lock is an RLock, and every step under it can be overtaken by a handler
that logs (see `rotation`).
"""

from __future__ import annotations

import itertools
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from runstream.spool.errors import SpoolFull, SpoolUnusable
from runstream.spool.events import EventsFiles
from runstream.spool.folders import NEW_PREFIX, PROCESS_PREFIX, ScopeFolders, boot_id, make_private
from runstream.spool.fork import Ownership, ProcessMark
from runstream.spool.format import CELL_BYTES, RUN_INDEX_MAX, Buffer
from runstream.spool.frame_writer import FrameWriter
from runstream.spool.full import WhenFull
from runstream.spool.limits import WRITE_MAX_CELLS, SpoolPolicy
from runstream.spool.meta import META_NAME, Meta, create_meta, release_meta
from runstream.spool.room import Room, check_first_share
from runstream.spool.rotation import Rotation
from runstream.spool.segments import Segments, Write

if TYPE_CHECKING:
    from runstream.v1 import spool_pb2

_logger = logging.getLogger("runstream.spool")
_WRITE_MAX_BYTES = WRITE_MAX_CELLS * CELL_BYTES


class ProcessSpool:
    """Make it with `create`. All methods are safe from any thread and signal handler.

    In a fork every method raises WrongProcess: make a new one there.
    """

    # Appends whole cells: the hot path. ValueError when they do not fit the
    # segment (then `write_cells`). Does not look whether this is a fork.
    write: Write
    # When a logging call should next look whether the agent lives, Unix ms.
    mark_ms: int

    def __init__(
        self,
        room: Room,
        meta: Meta,
        mark: ProcessMark,
        policy: SpoolPolicy,
        pause: Callable[[float], None],
    ) -> None:
        """Use `create`."""
        from runstream.v1 import spool_pb2

        self._pb = spool_pb2
        self._room = room
        self._full = WhenFull(policy, pause)
        self._owner = Ownership(mark)
        self._next_run = itertools.count()
        self._next_series: dict[int, itertools.count[int]] = {}
        self.mark = mark.view
        self.meta = meta
        self.producer_id = meta.producer_id
        self.closed = False
        self.mark_ms = 0
        files = EventsFiles(room, meta.producer_id)
        self._frames = FrameWriter(files, self._owner, self._full)
        segments = Segments(room, meta.producer_id, self._owner.lock)
        first = segments.make(0, 0)
        first.publish()
        self._points = Rotation(first, segments.after)
        self.write = first.write

    @classmethod
    def create(
        cls,
        folders: ScopeFolders,
        *,
        identity: Mapping[str, str] | None = None,
        policy: SpoolPolicy | None = None,
        mark: ProcessMark | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> ProcessSpool:
        """A new spool of this process below `folders` (of its scope).

        `identity` is free text about the process, at most 2 KB as JSON.
        Raises SpoolUnusable when it cannot be made.
        """
        policy = policy or SpoolPolicy.from_environment()
        producer_id = os.urandom(16)
        meta = Meta(
            producer_id=producer_id,
            pid=os.getpid(),
            started_ms=time.time_ns() // 1_000_000,
            boot_id=boot_id(),
            scope=folders.disk.name,
            identity=identity or {},
        )
        failure: Exception | None = None
        for active in dict.fromkeys((folders.active, folders.disk)):
            place = ScopeFolders(active, folders.disk)
            try:
                check_first_share(place)
                return cls._create_in(place, meta, mark or ProcessMark(), policy, pause)
            except (OSError, SpoolFull) as error:
                failure = error
        raise SpoolUnusable(f"cannot make a spool in {folders.disk}: {failure}") from failure

    @classmethod
    def _create_in(
        cls,
        folders: ScopeFolders,
        meta: Meta,
        mark: ProcessMark,
        policy: SpoolPolicy,
        pause: Callable[[float], None],
    ) -> ProcessSpool:
        """Made in a hidden folder: whoever sees the spool sees it whole and locked."""
        name = PROCESS_PREFIX + meta.producer_id.hex()
        hidden = folders.active / (NEW_PREFIX + name)
        room = Room(ScopeFolders(hidden, hidden), policy)
        make_private(hidden)
        meta_fd = -1
        try:
            meta_fd = create_meta(hidden / META_NAME, meta)
            spool = cls(room, meta, mark, policy, pause)
            os.rename(hidden, folders.active / name)
        except (OSError, SpoolFull):
            shutil.rmtree(hidden, ignore_errors=True)
            release_meta(meta_fd)
            raise
        room.folders = folders.process(name)
        spool._meta_fd = meta_fd
        return spool

    _meta_fd: int

    # ---- Where it stands.

    @property
    def folders(self) -> ScopeFolders:
        """The folders of this process."""
        return self._room.folders

    def blob_folder(self) -> Path:
        """Where the bytes of artifacts go; made at the first call."""
        folder = self.folders.disk / "blobs"
        make_private(folder.parent)
        make_private(folder)
        return folder

    def usable(self) -> bool:
        """Whether this process may go on logging here: not a fork, files still there."""
        return self._owner.mark.current() and os.fstat(self._meta_fd).st_nlink > 0

    def position(self) -> tuple[int, int]:
        """Everything written so far: (cells, bytes of frames)."""
        with self.own_lock():
            return self._cells(), self._frames.end_position()

    def _cells(self) -> int:
        segment = self._points.current
        return segment.base + segment.written()

    def own_lock(self) -> threading.RLock:
        """The lock under which series and frames are made. WrongProcess in a fork."""
        return self._owner.locked()

    def terminate(self) -> None:
        """Give up the lock without a word, as if the process had died.

        For a spool whose files are gone. It must not be used any more.
        """
        release_meta(self._meta_fd)
        self._meta_fd = -1

    # ---- Points.

    def write_cells(self, cells: Buffer) -> None:
        """Append cells of any number, rotating as needed.

        After SpoolFull a first part of more than WRITE_MAX_CELLS may be in.
        """
        view = memoryview(cells)
        for start in range(0, len(view), _WRITE_MAX_BYTES):
            self._write_piece(view[start : start + _WRITE_MAX_BYTES])

    def _write_piece(self, piece: memoryview) -> None:
        waited = 0
        while True:
            write = self.write
            try:
                # One step: a fork between the two would write into the parent's file.
                if self.mark[0]:
                    write(piece)
                    return
            except ValueError:
                pass
            try:
                self._rotate_points(write)
            except SpoolFull as error:
                waited = self._full.wait(error, waited)

    def _rotate_points(self, full: Write) -> None:
        with self.own_lock():
            current = self._points.current
            if current.write is full:
                current = self._points.advance(current)
            self.write = self._points.current.write

    # ---- Frames.

    def define_run(self, run: spool_pb2.RunDefinition) -> int:
        """Make a run known; its `run_index` is set here and returned."""
        index = next(self._next_run)
        if index > RUN_INDEX_MAX:
            raise SpoolFull("a process can log to 2**31 - 2 runs")
        run.run_index = index
        self._append(self._pb.SpoolFrame(run=run))
        return index

    def define_series(
        self,
        run_index: int,
        key: str,
        model_id: str = "",
        dataset_name: str = "",
        dataset_digest: str = "",
    ) -> int:
        """Make a series of a run known; returns its index."""
        index = next(self._next_series.setdefault(run_index, itertools.count()))
        series = self._pb.SeriesDefinition(
            run_index=run_index,
            series_index=index,
            key=key,
            model_id=model_id,
            dataset_name=dataset_name,
            dataset_digest=dataset_digest,
        )
        self._append(self._pb.SpoolFrame(series=series))
        return index

    def append_event(self, run_index: int, event: bytes) -> None:
        """Append a serialized `Event`."""
        spooled = self._pb.SpooledEvent(run_index=run_index, event=event)
        self._append(self._pb.SpoolFrame(event=spooled))

    def append_artifact(self, artifact: spool_pb2.SpooledArtifact) -> None:
        """Append an artifact whose bytes lie in `blob_folder()`."""
        self._append(self._pb.SpoolFrame(artifact=artifact))

    def close_run(self, run_index: int) -> None:
        """This process has ended its use of the run."""
        closed = self._pb.RunClosed(run_index=run_index)
        self._append(self._pb.SpoolFrame(run_closed=closed))

    def close(self) -> None:
        """Say that the process leaves in order. May be called again, never waits.

        The lock stays until the process ends, and what is logged later (by
        other threads, by `__del__`) still counts.
        """
        if self.closed or not self._owner.mark.current():
            return
        self.closed = True
        frame = self._pb.SpoolFrame(process_closed=self._pb.ProcessClosed())
        try:
            self._frames.append_once(frame, self._cells)
        except SpoolFull as error:
            _logger.warning("%s; the agent will take this process for one that died", error)

    def _append(self, frame: spool_pb2.SpoolFrame) -> None:
        self._frames.append(frame, self._cells)
