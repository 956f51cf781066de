"""Batches that were accepted before, sent again byte for byte, past the agents."""

from __future__ import annotations

import itertools
import random
import time
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from runstream.v1 import events_pb2 as pb
from runstream_server.errors import ServiceError
from runstream_server.eventlog.port import EVENTS, LogUnavailableError, Record
from runstream_server.rpc.client import RpcClient
from runstream_server.service import CallContext
from tests.e2e.faults.installation import Installation

_BATCHES = 60
_AT_ONCE = 6
_PATIENCE_SECONDS = 60.0
_CALL_SECONDS = 20.0


def request_of(record: bytes) -> bytes:
    """The request as its agent sent it: a record without what ingest added behind it."""
    whole = pb.AppendRequest.FromString(record)
    stamp = pb.AppendRequest(
        accepted_ms=whole.accepted_ms,
        experiment_id=whole.experiment_id,
        content_crc32=whole.content_crc32,
    )
    request = record[: len(record) - stamp.ByteSize()]
    if zlib.crc32(request) != whole.content_crc32:
        raise ValueError("the record is not a request with a stamp behind it")
    return request


def resend(installation: Installation, rng: random.Random, *, late: bool) -> int:
    """How many batches were accepted again.

    late: from anywhere in the log; else the newest. In no order, some of them
    twice, several at once, through whichever process takes batches.
    """
    requests = [request_of(record.value) for record in _taken(installation, rng, late)]
    if not requests:
        return 0
    requests += rng.sample(requests, len(requests) // 3)
    rng.shuffle(requests)
    client = RpcClient(installation.writers())
    try:
        with ThreadPoolExecutor(_AT_ONCE) as many:
            return sum(many.map(lambda request: _send(client, request), requests))
    finally:
        client.close()


def _taken(installation: Installation, rng: random.Random, late: bool) -> Sequence[Record]:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return _some(installation, rng, late)
        except LogUnavailableError:  # another fault has it
            if time.monotonic() > deadline:
                return []
            time.sleep(0.2)


def _some(installation: Installation, rng: random.Random, late: bool) -> Sequence[Record]:
    ends = {
        partition: end for (log, partition), end in installation.ends().items() if log == EVENTS
    }
    chosen = rng.choice([partition for partition, end in ends.items() if end] or [0])
    begin = dict(ends)
    newest = max(0, ends[chosen] - _BATCHES)
    begin[chosen] = rng.randint(0, newest) if late else newest
    mine = (record for record in installation.records(begin) if record.partition == chosen)
    return list(itertools.islice(mine, _BATCHES))


def _send(client: RpcClient, request: bytes) -> bool:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        now = time.monotonic()
        try:
            client.ingest.append(request, CallContext(None, now + _CALL_SECONDS))
        except ServiceError as error:
            if error.retry_after_ms <= 0:
                raise
            if now > deadline:
                return False
            time.sleep(error.retry_after_ms / 1000)
        else:
            return True
