"""Purged runs."""

from __future__ import annotations

from runstream_server.events.folds.columns import Rows, run_words
from runstream_server.events.folds.flush import Flush


def fold_tombstones(flush: Flush) -> Rows:
    purged = flush.newly_purged
    return Rows("tombstones", len(purged), {"run_id": run_words(purged)})
