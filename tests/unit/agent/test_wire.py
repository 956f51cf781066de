from __future__ import annotations

from array import array

import pytest

from runstream.agent import wire
from runstream.v1 import events_pb2, ingest_pb2


@pytest.mark.parametrize("number", [0, 1, 127, 128, 300, 2**32, 2**63 - 1, 2**64 - 1])
def test_varint_reads_back(number: int) -> None:
    read = ingest_pb2.AppendResponse  # any module with a uint64 will do
    assert read is not None
    data = b"\x18" + wire.varint(number)
    assert events_pb2.AppendRequest.FromString(data).seq == number


def test_metrics_event_is_what_protobuf_reads() -> None:
    series = [events_pb2.Series(key="loss"), events_pb2.Series(key="acc", model_id="m-1")]
    table = b"".join(map(wire.series_field, series))
    columns = (
        array("I", [0, 1, 0]).tobytes(),
        array("q", [-1, 0, 5]).tobytes(),
        array("q", [7, 8, 9]).tobytes(),
        array("d", [0.5, float("inf"), -0.0]).tobytes(),
    )
    event = events_pb2.Event.FromString(wire.metrics_event(table, columns, 9))
    assert event.time_ms == 9
    assert list(event.metrics.series) == series
    got = (
        event.metrics.key_index,
        event.metrics.step,
        event.metrics.timestamp,
        event.metrics.value,
    )
    assert got == columns


def test_append_request_is_what_protobuf_would_write() -> None:
    events = [
        events_pb2.Event(time_ms=1, run_updated=events_pb2.RunUpdated(status=events_pb2.FINISHED)),
        events_pb2.Event(time_ms=2, heartbeat=events_pb2.Heartbeat()),
    ]
    header = events_pb2.AppendRequest(
        stream_id="ab" * 16, producer_id=bytes(16), seq=3, attempt_start_ms=4, source="rank=1"
    )
    made = wire.append_request(header, [event.SerializeToString() for event in events])
    header.events.extend(events)
    assert made == header.SerializeToString(deterministic=True)


def test_points_are_counted_only_in_metrics() -> None:
    metrics = events_pb2.Metrics(
        series=[events_pb2.Series(key="a")],
        key_index=bytes(8),
        step=bytes(16),
        timestamp=bytes(16),
        value=bytes(16),
    )
    event = events_pb2.Event(time_ms=1_700_000_000_000, metrics=metrics)
    assert wire.points_in(event.SerializeToString()) == 2
    assert wire.points_in(events_pb2.Event(time_ms=1).SerializeToString()) == 0
    tricky = events_pb2.Event(tags=events_pb2.Tags(delete=["²\x01"]))
    assert wire.points_in(tricky.SerializeToString()) == 0
