"""The first record of the registry: which log this is."""

from __future__ import annotations

import os
import time
from typing import NamedTuple

from runstream.v1 import events_pb2 as pb
from runstream_server.eventlog.port import (
    EventLog,
    LogMismatchError,
    LogUnavailableError,
    NewRecord,
)
from runstream_server.events.ids import REGISTRY_STREAM
from runstream_server.events.records import single_request, stamped

_FIRST_READ_SECONDS = 30.0


class LogIdentity(NamedTuple):
    """What every position and table set of a deployment belongs to.

    incarnation: where the log is kept: another one for a log that was restored. What it
    holds behind the archive's end is not what it held before. Empty: it cannot change.
    """

    log_id: str
    partitions: int
    incarnation: str = ""

    def described(self) -> str:
        """For people, and for what remembers a log."""
        return f"{self.log_id} with {self.partitions} partitions"


def establish(events: EventLog, registry: EventLog) -> LogIdentity:
    """The identity of these logs; given to them now when they are new.

    Two processes may do this at once: the first record in the log counts.
    Raises LogMismatchError when the registry begins with something else, or names
    another number of partitions than the events log has.
    """
    # In this order: who finds events here and no registry after that has not
    # met another process in the middle of its first start.
    has_events = any(events.end_offsets().values())
    if registry.end_offsets()[0] == 0:
        if has_events:
            raise LogMismatchError(
                "the events log holds records, but the registry has no beginning"
            )
        registry.append([NewRecord(0, _genesis(events.partitions))])
    identity = _first(registry)
    if identity.partitions != events.partitions:
        raise LogMismatchError(
            f"the log was made with {identity.partitions} partitions and is opened with "
            f"{events.partitions}; the number never changes"
        )
    return identity


def _genesis(partitions: int) -> bytes:
    now_ms = time.time_ns() // 1_000_000
    event = pb.Event(
        time_ms=now_ms, genesis=pb.Genesis(log_id=os.urandom(16).hex(), partitions=partitions)
    )
    return stamped(single_request(REGISTRY_STREAM, [event], attempt_start_ms=now_ms), now_ms)


def _first(registry: EventLog) -> LogIdentity:
    reader = registry.open_reader({0: 0})
    try:
        records = reader.poll(1, _FIRST_READ_SECONDS)
    finally:
        reader.close()
    if not records or records[0].offset != 0:
        raise LogUnavailableError("the first record of the registry could not be read")
    return named(records[0].value)


def named(first: bytes) -> LogIdentity:
    """The identity that the first record of a registry gives; raises LogMismatchError."""
    request = pb.AppendRequest.FromString(first)
    if not request.events or not request.events[0].HasField("genesis"):
        raise LogMismatchError("the registry does not begin with the record that names the log")
    genesis = request.events[0].genesis
    return LogIdentity(genesis.log_id, genesis.partitions)
