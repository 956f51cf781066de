"""Any bytes become a batch that folds can rely on, or a sentence."""

from __future__ import annotations

import contextlib
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runstream.v1 import events_pb2 as pb
from runstream_server.events.decode import UndecodableError, decode
from tests.unit.folds.batches import (
    PRODUCER,
    RUN,
    Point,
    artifact,
    batch,
    created,
    metrics,
    params,
    record,
    tags,
    updated,
)


def test_a_batch_tells_who_wrote_it() -> None:
    found = batch(created(), offset=7, partition=2, seq=3, source="rank=1")
    assert found.identity == (RUN, PRODUCER, 3)
    assert (found.partition, found.offset, found.source) == (2, 7, "rank=1")
    assert (found.run_id, found.experiment_id, found.attempt_ms) == (RUN, 3, 1000)
    assert found.pos(5) == 7 * 2**20 + 5


def test_points_are_arrays_over_the_bytes() -> None:
    block = batch(metrics(Point("loss", -5, 9, math.nan), Point("acc", 6, 10, 1.5))).metrics[0]
    assert [key for key, *_ in block.series] == ["loss", "acc"]
    assert block.step.tolist() == [-5, 6]
    assert block.timestamp.tolist() == [9, 10]
    assert math.isnan(block.value[0])
    assert block.value[1] == 1.5


def test_events_are_counted_as_producers_count_them() -> None:
    found = batch(
        pb.Event(producer_started=pb.ProducerStarted()),
        metrics(Point("loss", 1, 1, 1.0), Point("loss", 2, 1, 1.0)),
        params(a="1", b="2"),
        tags("x", y="1"),
        pb.Event(),
        pb.Event(producer_end=pb.ProducerEnd()),
    )
    assert (found.points, found.event_count) == (2, 3)
    assert [item.kind for item in found.items][-2:] == ["unknown", "producer_end"]
    assert found.rows >= 2 + 2 + 2


def test_the_stream_of_a_logged_model_is_no_run() -> None:
    assert batch(created(), stream_id="m-" + RUN).run_id == ""


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ({"stream_id": "nope"}, "neither a run nor a logged model"),
        ({"stream_id": RUN.upper()}, "neither"),
        ({"producer_id": b"short"}, "producer_id has 5 bytes"),
        ({"seq": 0}, "seq is 0"),
        ({"experiment_id": "seven"}, "experiment_id 'seven'"),
        ({"experiment_id": str(2**63)}, "is not a number"),
    ],
)
def test_a_wrong_head_is_refused(header: dict[str, Any], reason: str) -> None:
    with pytest.raises(UndecodableError, match=reason):
        decode(0, 0, record(created(), **header))


def columns(**changed: bytes) -> pb.Event:
    good = {
        "key_index": np.zeros(2, "<u4").tobytes(),
        "step": bytes(16),
        "timestamp": bytes(16),
        "value": bytes(16),
    }
    return pb.Event(metrics=pb.Metrics(series=[pb.Series(key="k")], **{**good, **changed}))


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (columns(step=bytes(8)), "differ in length"),
        (columns(value=bytes(15)), "within an entry"),
        (columns(key_index=np.ones(2, "<u4").tobytes()), "beyond the series"),
        (updated(status=9), "status 9"),
        (pb.Event(artifact_logged=pb.ArtifactLogged(path="p")), "sha256 has 0 bytes"),
    ],
)
def test_a_wrong_event_is_named(event: pb.Event, reason: str) -> None:
    with pytest.raises(UndecodableError, match=rf"events\[1\].*{reason}"):
        decode(0, 0, record(artifact("a", "k"), event))


@given(st.binary(max_size=200))
def test_no_bytes_break_it(value: bytes) -> None:
    with contextlib.suppress(UndecodableError):
        decode(0, 0, value)


@given(st.integers(0, 400), st.binary(min_size=1, max_size=4))
def test_no_damage_breaks_it(place: int, damage: bytes) -> None:
    good = record(metrics(Point("loss", 1, 1, 1.0)), params(a="1"), created(), updated(status=3))
    place %= len(good)
    with contextlib.suppress(UndecodableError):
        decode(0, 0, good[:place] + damage + good[place + len(damage) :])
