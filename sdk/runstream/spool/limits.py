"""Every size of the spool, with its reason."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

# The first segment is small so that a short run costs 16 pages; each next one
# is four times as large, so that a long run rotates seldom (the largest holds
# 131 070 points: at a million points a second, eight rotations a second).
SEGMENT_FIRST_BYTES = 64 * 1024
SEGMENT_GROWTH = 4
SEGMENT_MAX_BYTES = 4 * 1024 * 1024

# Events files are deleted whole, so they are cut; a frame that does not fit
# goes into the next one.
EVENTS_FILE_BYTES = 4 * 1024 * 1024

# One frame. An event has to fit a 4 MB record; more than four times that is
# a damaged length.
FRAME_MAX_BYTES = 16 * 1024 * 1024

# One write never holds more cells than this, so that it fits the smallest
# segment, and so that padding is never longer.
WRITE_MAX_CELLS = 1024

# Memory that a process may hold on tmpfs: it counts against the memory limit
# of its container.
TMPFS_PROCESS_BYTES = 16 * 1024 * 1024
# Others need /dev/shm too (data loaders; 64 MB in a container by default): a
# new file takes at most this part of what is free.
TMPFS_FREE_SHARE = 1 / 8

# Points and events that a process may hold in all while they cannot be sent:
# 500 million points. Beyond it a server has been away for days.
SPOOL_MAX_BYTES = 16 * 1024**3

# Cells that are made at a time of a history that is given whole: 2 MB.
COLUMN_PIECE_CELLS = 64 * 1024

# How often a logging process looks whether its agent lives.
MARK_INTERVAL_MS = 1000

# Pauses of a writer that waits for room.
FULL_FIRST_PAUSE_SECONDS = 0.05
FULL_MAX_PAUSE_SECONDS = 1.0

# Different sets of keys of `log_metrics` for which a run keeps a template.
TEMPLATES_MAX = 256


def segment_bytes(number: int) -> int:
    """The size of the points segment `number` when there is room for it."""
    steps = min(number, 8)
    return int(min(SEGMENT_FIRST_BYTES * SEGMENT_GROWTH**steps, SEGMENT_MAX_BYTES))


@dataclass(frozen=True)
class SpoolPolicy:
    """What a process does when its spool cannot grow."""

    # "block": wait, with a warning, until there is room. "raise": SpoolFull.
    full: Literal["block", "raise"] = "block"
    # Points and events of one process, sent or not, that lie in its folders.
    max_bytes: int = SPOOL_MAX_BYTES

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> SpoolPolicy:
        """RUNSTREAM_SPOOL_FULL and RUNSTREAM_SPOOL_MAX_BYTES; a bad value is a ValueError."""
        full = environ.get("RUNSTREAM_SPOOL_FULL", "block")
        if full not in ("block", "raise"):
            raise ValueError(f"RUNSTREAM_SPOOL_FULL is {full!r}; it must be 'block' or 'raise'")
        text = environ.get("RUNSTREAM_SPOOL_MAX_BYTES", str(SPOOL_MAX_BYTES))
        if not text.isdecimal() or int(text) < SEGMENT_MAX_BYTES:
            raise ValueError(
                f"RUNSTREAM_SPOOL_MAX_BYTES is {text!r}; it must be a whole number of bytes, "
                f"at least {SEGMENT_MAX_BYTES}"
            )
        return cls(full="raise" if full == "raise" else "block", max_bytes=int(text))
