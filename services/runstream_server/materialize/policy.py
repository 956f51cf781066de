"""How a materializer cuts and paces its work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FlushPolicy:
    """Sizes and times of flushes."""

    # Rows of one flush: bounds the memory of folds and inserts.
    rows_max: int = 1_000_000
    # Read at once: 16 MB are nearly 600,000 points. What an insert costs whatever
    # its size is small beside them, and a point is merged half as often as after
    # flushes of 8 MB; they take 250 MB of memory while they last.
    poll_bytes: int = 16 * 1024 * 1024
    # From one flush to the next while little comes in: every flush makes a
    # part per table, which the engine has to merge again.
    pause_seconds: float = 0.05
    # A poll that brought as much as this, and not half of `poll_bytes`, keeps up with
    # a flood: it waits for more. One process flat out, in the server per point:
    # 1.1 µs when the next poll follows at once, 0.7 µs after this wait, 0.64 µs after
    # twice as long.
    busy_bytes: int = 256 * 1024
    gather_seconds: float = 0.15
    # How long a poll waits for the first record.
    wait_seconds: float = 0.25
    # After an error: the first and the longest wait before the next try.
    retry_first_seconds: float = 0.1
    retry_longest_seconds: float = 5.0
    # How often purged runs are looked for again in all tables.
    garbage_seconds: float = 3600.0
    # How often it is looked for generations to feed, switch and drop.
    tend_seconds: float = 1.0
    # A new generation that is no further behind may be made to wait for.
    switch_behind_records: int = 200
    # Longer than any query: an old generation may be read until then.
    old_kept_seconds: float = 90.0
    # Well-formed records that are set aside in a generation, because they cannot be
    # folded or the store refuses them. More are no matter of single records.
    poison_max: int = 100
    # How often, while nothing comes in, a server is asked whether it was restarted.
    look_seconds: float = 5.0
