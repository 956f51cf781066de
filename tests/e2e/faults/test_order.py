"""What is wrong with a log is found in it."""

from __future__ import annotations

import numpy as np

from runstream.v1 import events_pb2 as pb
from runstream_server.eventlog.port import Record
from runstream_server.events.records import stamped
from tests.e2e.faults.order import LogOrder
from tests.e2e.faults.resend import request_of

RUN = "a" * 32


def request(seq: int, *steps: int) -> bytes:
    metrics = pb.Metrics(
        series=[pb.Series(key="loss")],
        key_index=np.zeros(len(steps), "<u4").tobytes(),
        step=np.array(steps, "<i8").tobytes(),
        timestamp=np.array(steps, "<i8").tobytes(),
        value=np.zeros(len(steps), "<f8").tobytes(),
    )
    batch = pb.AppendRequest(
        stream_id=RUN, producer_id=b"p" * 16, seq=seq, events=[pb.Event(metrics=metrics)]
    )
    return batch.SerializeToString()


def read(*requests: bytes) -> LogOrder:
    order = LogOrder()
    order.read(
        Record(0, offset, stamped(value, 1_790_000_000_000 + offset))
        for offset, value in enumerate(requests)
    )
    return order


def test_a_log_in_order_with_copies() -> None:
    first, second = request(1, 1, 2), request(2, 3)
    order = read(first, second, first, second, request(3, 4))
    assert (order.batches, order.copies, order.points, order.problems) == (3, 2, 4, [])


def test_a_hole() -> None:
    assert "came after 1" in read(request(1, 1), request(3, 2)).problems[0]


def test_a_batch_that_overtook_another() -> None:
    assert read(request(2, 2), request(1, 1)).problems


def test_steps_that_go_back() -> None:
    assert "do not rise" in read(request(1, 5, 4)).problems[0]
    assert "do not rise" in read(request(1, 5), request(2, 5)).problems[0]


def test_one_number_with_two_contents() -> None:
    assert "other content" in read(request(1, 1), request(1, 2)).problems[0]


def test_a_record_is_the_request_again_without_its_stamp() -> None:
    assert request_of(stamped(request(1, 1), 1_790_000_000_000, "17")) == request(1, 1)
