"""A record of the log: the request as it came, and what ingest adds to it.

Protobuf merges concatenated messages, so the added fields are appended to the
bytes received: nothing of an accepted batch is encoded again.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable

from runstream.v1 import events_pb2 as pb

# Fields from this number on belong to ingest.
FIRST_ADDED_FIELD = 100


def stamped(request_bytes: bytes, accepted_ms: int, experiment_id: str = "") -> bytes:
    """The record of an accepted request."""
    stamp = pb.AppendRequest(
        accepted_ms=accepted_ms,
        experiment_id=experiment_id,
        content_crc32=zlib.crc32(request_bytes),
    )
    return request_bytes + stamp.SerializeToString()


def single_request(
    stream_id: str,
    events: Iterable[pb.Event],
    *,
    attempt_start_ms: int,
    producer_id: bytes = b"",
) -> bytes:
    """One batch by a producer that writes nothing else."""
    return pb.AppendRequest(
        stream_id=stream_id,
        producer_id=producer_id or os.urandom(16),
        seq=1,
        attempt_start_ms=attempt_start_ms,
        events=events,
    ).SerializeToString()


def order(offset: int, index: int) -> int:
    """The place of an event in its partition: the order that every fold uses."""
    return offset << 20 | index
