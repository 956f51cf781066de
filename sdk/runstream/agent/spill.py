"""When what waits is copied from tmpfs to disk, and the copying."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from runstream.agent.ages import Ages
from runstream.agent.cut import Cursor
from runstream.agent.limits import SPILL_AGE_SECONDS, SPILL_BYTES, SPILL_SECONDS
from runstream.agent.recorder import Recorder
from runstream.spool.format import CELL_BYTES
from runstream.spool.reader import SpoolReader

_log = logging.getLogger(__name__)


def due(waited_seconds: float, waiting_cells: int) -> bool:
    """Whether so much, or so old, a backlog has to be on disk."""
    return waited_seconds >= SPILL_AGE_SECONDS or waiting_cells * CELL_BYTES >= SPILL_BYTES


class Spill:
    """Of one process. Main thread only; `sync` forces files to the medium beside it."""

    def __init__(
        self, reader: SpoolReader, recorder: Recorder, sync: Callable[[Path], None]
    ) -> None:
        self._reader = reader
        self._recorder = recorder
        self._sync = sync
        self._ages = Ages()
        self._copied_at = 0.0

    def poll(self, now: float, visible: Cursor, accepted: Cursor) -> None:
        """Note what waits; copy it when it has waited for too long."""
        self._ages.note(now, visible, accepted)
        if now - self._copied_at < SPILL_SECONDS:
            return
        if due(self.oldest_seconds(now), visible.cells - accepted.cells):
            self._copied_at = now
            self.copy()

    def copy(self) -> None:
        """Copy what is not accepted to disk."""
        if self._reader.folders.same:
            return
        try:
            self._reader.spill(sync=False)
            self._recorder.mirror()
        except OSError as error:  # a full disk: everything stays where it is
            _log.warning("%s cannot be copied to disk: %s", self._reader.name, error)
        self._sync(self._reader.folders.disk)

    def oldest_seconds(self, now: float) -> float:
        """How long the oldest thing that is not accepted has waited."""
        return self._ages.oldest_seconds(now)
