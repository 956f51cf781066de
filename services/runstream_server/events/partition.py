"""Which partition of the events log a stream lives in."""

from __future__ import annotations

import hashlib


def partition_of(stream_id: str, partitions: int) -> int:
    """A pure function of the id, the same on every machine and for ever.

    All of a stream is in one partition: its order is the log's order.
    """
    digest = hashlib.blake2b(stream_id.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % partitions
