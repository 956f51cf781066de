"""A batch is refused whole or appended whole."""

from __future__ import annotations

import zlib

import pytest

from runstream.error_codes import INVALID_PARAMETER_VALUE, TEMPORARILY_UNAVAILABLE
from runstream.v1 import events_pb2 as pb
from runstream_server.errors import ServiceError
from runstream_server.events.partition import partition_of
from runstream_server.telemetry import BATCHES_ACCEPTED, BATCHES_REFUSED, BYTES_ACCEPTED
from tests.unit.ingest.fixtures import NOW_MS, RUN, Deployment, append_bytes, ctx, read, tag_event


def test_an_accepted_batch_is_in_the_log_as_it_came() -> None:
    there = Deployment()
    request = append_bytes(tag_event("k", "v"))
    there.ingest.append(request, ctx())
    (record,) = read(there.logs.events)
    assert record.partition == partition_of(RUN, 4)
    assert record.value.startswith(request)
    added = pb.AppendRequest.FromString(record.value)
    assert (added.accepted_ms, added.content_crc32) == (NOW_MS, zlib.crc32(request))
    assert added.experiment_id == ""


def test_the_answer_says_where_the_log_goes_on() -> None:
    there = Deployment()
    there.append(tag_event("k", "1"))
    position = there.append(tag_event("k", "2")).position
    assert position.log_id == there.identity.log_id
    (entry,) = position.offsets
    assert (entry.log, entry.partition, entry.next_offset) == ("events", partition_of(RUN, 4), 2)


def test_a_refused_batch_leaves_nothing() -> None:
    there = Deployment()
    with pytest.raises(ServiceError) as caught:
        there.append(tag_event("good", "v"), tag_event("", "v"))
    assert caught.value.error_code == INVALID_PARAMETER_VALUE
    assert list(caught.value.place.event_indexes) == [1]
    assert read(there.logs.events) == []
    assert there.telemetry.values(BATCHES_REFUSED) == {INVALID_PARAMETER_VALUE: 1}


def test_a_batch_that_comes_again_is_appended_again() -> None:
    there = Deployment()
    request = append_bytes(tag_event("k", "v"))
    there.ingest.append(request, ctx())
    there.ingest.append(request, ctx())
    first, second = read(there.logs.events)
    assert first.value == second.value


def test_accepted_batches_are_counted() -> None:
    there = Deployment()
    request = append_bytes(tag_event("k", "v"))
    there.ingest.append(request, ctx())
    assert there.telemetry.values(BATCHES_ACCEPTED) == {"": 1}
    assert there.telemetry.values(BYTES_ACCEPTED) == {"": len(request)}


def test_a_log_that_is_away_is_a_passing_error() -> None:
    there = Deployment()
    there.logs.close()
    with pytest.raises(ServiceError) as caught:
        there.append(tag_event("k", "v"))
    assert caught.value.error_code == TEMPORARILY_UNAVAILABLE
    assert caught.value.retry_after_ms > 0
