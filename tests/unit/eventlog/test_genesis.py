"""The first record of the registry."""

from __future__ import annotations

import pytest

from runstream.v1 import events_pb2 as pb
from runstream_server.eventlog.genesis import establish
from runstream_server.eventlog.memory import MemoryEventLog, MemoryLogs
from runstream_server.eventlog.port import EVENTS, LogMismatchError, NewRecord


def test_a_new_log_gets_an_identity_that_stays() -> None:
    logs = MemoryLogs(4)
    first = establish(logs.events, logs.registry)
    assert first.partitions == 4
    assert len(bytes.fromhex(first.log_id)) == 16
    assert establish(logs.events, logs.registry) == first
    assert logs.registry.end_offsets() == {0: 1}


def test_two_logs_have_two_identities() -> None:
    one, other = MemoryLogs(1), MemoryLogs(1)
    assert establish(one.events, one.registry) != establish(other.events, other.registry)


def test_another_number_of_partitions_is_refused() -> None:
    logs = MemoryLogs(4)
    establish(logs.events, logs.registry)
    with pytest.raises(LogMismatchError, match="4 partitions and is opened with 5"):
        establish(MemoryEventLog(EVENTS, 5), logs.registry)


def test_a_registry_that_begins_with_something_else_is_refused() -> None:
    logs = MemoryLogs(1)
    other = pb.AppendRequest(events=[pb.Event(heartbeat=pb.Heartbeat())])
    logs.registry.append([NewRecord(0, other.SerializeToString())])
    with pytest.raises(LogMismatchError, match="does not begin"):
        establish(logs.events, logs.registry)


def test_events_without_a_registry_are_refused() -> None:
    logs = MemoryLogs(1)
    logs.events.append([NewRecord(0, b"x")])
    with pytest.raises(LogMismatchError, match="no beginning"):
        establish(logs.events, logs.registry)
