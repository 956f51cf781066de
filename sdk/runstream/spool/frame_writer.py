"""Appending frames: the slow part of the writer, some microseconds each."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from runstream.spool.errors import SpoolFull
from runstream.spool.events import EventsFiles, nothing_written
from runstream.spool.fork import Ownership
from runstream.spool.format import pack_frame
from runstream.spool.full import WhenFull
from runstream.spool.limits import FRAME_MAX_BYTES
from runstream.spool.rotation import Rotation

if TYPE_CHECKING:
    from runstream.v1 import spool_pb2


class FrameWriter:
    """The events files of one process."""

    def __init__(self, files: EventsFiles, owner: Ownership, full: WhenFull) -> None:
        self._mark = owner.mark.view
        self._lock = owner.locked
        self._full = full
        first = files.make(0, 0)
        first.publish()
        self._files = Rotation(first, files.after)

    def end_position(self) -> int:
        """Bytes of frames so far. With the spool's lock held."""
        file = self._files.current
        file.repair()
        return file.end_position

    def append(self, frame: spool_pb2.SpoolFrame, cells: Callable[[], int]) -> None:
        """Append `frame`, with `cells()` as the points before it. Follows the policy when full."""
        waited = 0
        while True:
            try:
                return self.append_once(frame, cells)
            except SpoolFull as error:
                waited = self._full.wait(error, waited)

    def append_once(self, frame: spool_pb2.SpoolFrame, cells: Callable[[], int]) -> None:
        """SpoolFull when there is no room; nothing of the frame is in the file then."""
        with self._lock():
            while not self._attempt(frame, cells):
                pass

    def _attempt(self, frame: spool_pb2.SpoolFrame, cells: Callable[[], int]) -> bool:
        file = self._files.current
        file.repair()
        end = file.end
        frame.cells_before = cells()
        data = pack_frame(frame.SerializeToString())
        if len(data) > FRAME_MAX_BYTES:
            raise ValueError(f"an event of {len(data)} bytes is larger than {FRAME_MAX_BYTES}")
        if not file.has_room(len(data)):
            self._files.advance(file)
            return False
        written = None
        try:
            # One step: the frame of a handler that came in between counts more
            # cells, and would stand before this one. Nor may a fork get here.
            if file.end == end and not file.sealed and self._mark[0]:
                written = os.write(file.fd, data)
        except OSError as error:
            written = nothing_written(error)
        if written is None:
            self._lock()  # raises in a fork
            return False
        if file.finish(written, data):
            return True
        self._files.advance(file)
        return False
