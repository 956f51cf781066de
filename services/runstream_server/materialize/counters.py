"""What a materializer counts. Read by the process's metrics."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Counters:
    """Written by one thread, read by any; grows, but for the age."""

    records: int = 0
    points: int = 0
    flushes: int = 0
    # Records whose identity was folded before: sent again by their producer.
    duplicates: int = 0
    # Records of a known identity with another content. Should be 0 for ever:
    # two producers share an id, or a record was damaged.
    conflicts: int = 0
    # Records that no table could take. Should be 0 for ever.
    set_aside: int = 0
    # Events that are kept in the log and shown by no table, by kind.
    not_shown: Counter[str] = field(default_factory=Counter)
    # Flushes that failed and were tried again.
    failures: int = 0
    # Of the oldest batch in the last flush: from its acceptance until the tables had it.
    batch_age_seconds: float = 0.0
