"""Stamping without encoding again."""

from __future__ import annotations

import zlib

from runstream.v1 import events_pb2 as pb
from runstream_server.events import limits
from runstream_server.events.records import order, single_request, stamped


def test_a_record_is_the_request_and_what_was_added() -> None:
    request = single_request("a" * 32, [pb.Event(heartbeat=pb.Heartbeat())], attempt_start_ms=7)
    value = stamped(request, 1234, "5")
    assert value.startswith(request)
    assert len(value) - len(request) <= limits.STAMP_MAX_BYTES
    record = pb.AppendRequest.FromString(value)
    assert (record.accepted_ms, record.experiment_id) == (1234, "5")
    assert record.content_crc32 == zlib.crc32(request)
    assert (record.seq, record.attempt_start_ms, len(record.producer_id)) == (1, 7, 16)


def test_fields_of_later_versions_survive() -> None:
    request = single_request("a" * 32, [], attempt_start_ms=0) + b"\xd0\x05\x01"
    record = pb.AppendRequest.FromString(stamped(request, 1))
    assert b"\xd0\x05\x01" in record.SerializeToString()


def test_every_single_request_has_a_producer_of_its_own() -> None:
    one = single_request("a" * 32, [], attempt_start_ms=0)
    other = single_request("a" * 32, [], attempt_start_ms=0)
    assert one != other


def test_order_is_by_offset_then_index() -> None:
    assert order(0, limits.EVENTS_PER_BATCH) < order(1, 0) < order(1, 1)
