"""A table of batches that are refused, and of batches that are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runstream.error_codes import INVALID_PARAMETER_VALUE
from runstream.v1 import events_pb2 as pb
from runstream_server.errors import ServiceError
from runstream_server.events import limits
from runstream_server.events.validation import check_batch, parsed
from tests.unit.events.batches import (
    EMOJI_KEY,
    RUN,
    artifact,
    batch,
    created,
    dataset,
    model,
    params,
    points,
    refused,
    series,
    tags,
)

HEADERS: list[tuple[str, dict[str, Any], str]] = [
    ("no stream", {"stream_id": ""}, "stream_id"),
    ("upper case", {"stream_id": RUN.upper()}, "stream_id"),
    ("31 characters", {"stream_id": RUN[1:]}, "stream_id"),
    ("trailing newline", {"stream_id": RUN + "\n"}, "stream_id"),
    ("a path", {"stream_id": "../" + RUN[3:]}, "stream_id"),
    ("the registry", {"stream_id": "registry"}, "stream_id"),
    ("no producer", {"producer_id": b""}, "producer_id"),
    ("15 bytes", {"producer_id": b"p" * 15}, "producer_id"),
    ("17 bytes", {"producer_id": b"p" * 17}, "producer_id"),
    ("seq 0", {"seq": 0}, "seq"),
    ("negative attempt", {"attempt_start_ms": -1}, "attempt_start_ms"),
    ("long source", {"source": "rank=" + "3" * 246}, "source"),
    ("source without =", {"source": "rank"}, "source"),
    ("unsorted source", {"source": "rank=3,node=1"}, "source"),
    ("source twice", {"source": "rank=3,rank=4"}, "source"),
    ("accepted_ms", {"accepted_ms": 1}, "field 100"),
    ("experiment_id", {"experiment_id": "5"}, "field 101"),
    ("content_crc32", {"content_crc32": 7}, "field 102"),
]

GOOD: list[tuple[str, pb.AppendRequest]] = [
    ("points", batch()),
    ("unicode keys", batch(series(key="Verlust/ü 日本:x-1.0_"), tags("日本", "😀"))),
    ("250 characters", batch(series(key="ü" * 250))),
    ("limits", batch(params("k", "ü" * 6000), tags("k", "ü" * 8000))),
    ("empty values", batch(params("k"), tags("k"))),
    ("negative steps", batch(points(step=np.full(3, -(2**63), "<i8").tobytes()))),
    ("not finite", batch(points(value=np.array([np.nan, np.inf, -np.inf]).tobytes()))),
    ("many series", batch(points(key_index=b"\0" * 12))),
    ("source", batch(source="local=1,rank=3")),
    ("by name", batch(created(experiment_id="", experiment_name="any\n/thing"))),
    ("negative start", batch(created(start_time_ms=-5))),
    ("status", batch(pb.Event(run_updated=pb.RunUpdated(status=pb.KILLED)))),
    ("deleting a strange tag", batch(pb.Event(tags=pb.Tags(delete=[EMOJI_KEY])))),
    ("dataset", batch(dataset(source="s", profile="p"))),
    ("artifact", batch(artifact(path="ü/b c.txt", size_bytes=0))),
    ("a model's stream", batch(model(), stream_id="m-" + RUN)),
    ("void", batch(pb.Event(void=pb.Void(reason="why")))),
    ("lines", batch(pb.Event(log_lines=pb.LogLines(stream=2, lines=["a"], time_ms=[1])))),
]


@pytest.mark.parametrize(("header", "field"), [row[1:] for row in HEADERS], ids=[
    row[0] for row in HEADERS
])  # fmt: skip
def test_a_bad_header_refuses_the_batch(header: dict[str, Any], field: str) -> None:
    error = refused(batch(**header))
    assert error.place.field == field
    assert not error.place.event_indexes


@pytest.mark.parametrize("request_", [row[1] for row in GOOD], ids=[row[0] for row in GOOD])
def test_a_good_batch_passes(request_: pb.AppendRequest) -> None:
    check_batch(parsed(request_.SerializeToString()))


def test_a_batch_without_events_is_refused() -> None:
    request = batch()
    del request.events[:]
    assert refused(request).place.field == "events"


def test_all_bad_events_are_named() -> None:
    error = refused(batch(points(), params(""), points(), tags("", "x")))
    assert list(error.place.event_indexes) == [1, 3]
    assert error.place.field == "events[1].params.params[0].key"
    assert "1 more" in error.message


def test_as_many_indexes_are_named_as_an_answer_carries() -> None:
    error = refused(batch(*[params("")] * 2000))
    assert list(error.place.event_indexes) == list(range(limits.REFUSED_INDEXES_NAMED))


def test_value_and_limit_are_named_and_the_value_is_shortened() -> None:
    error = refused(batch(params("k", "x" * 100_000)))
    assert error.place.limit == "6000 characters"
    assert "exceeds the maximum length of 6000 characters" in error.message
    assert "has 100000" in error.message
    assert len(error.message) < 300


@pytest.mark.parametrize(
    ("event", "phrase"),
    [
        (params(""), "Missing value for required parameter"),
        (series(key=EMOJI_KEY), "Invalid value"),
        (artifact(path="../x"), "Invalid path"),
        (created(experiment_id="x"), "must be a valid integer"),
    ],
)
def test_phrases_are_mlflows(event: pb.Event, phrase: str) -> None:
    assert phrase in refused(batch(event)).message


def test_runs_and_models_have_their_own_kinds() -> None:
    error = refused(batch(tags("k"), stream_id="m-" + RUN))
    assert "belongs to the stream of a run" in error.message
    error = refused(batch(model()))
    assert "belongs to the stream of the logged model" in error.message


def test_fields_of_later_versions_pass() -> None:
    # Field 90 of the batch, field 90 of an event beside its kind, and an event
    # whose kind has number 60.
    varint = b"\xd0\x05\x01"
    inner = pb.Event(heartbeat=pb.Heartbeat()).SerializeToString() + varint
    unknown_kind = b"\xe2\x03\x02hi"
    raw = batch().SerializeToString() + varint
    for event in (inner, unknown_kind):
        raw += b"\x32" + bytes([len(event)]) + event
    check_batch(parsed(raw))


def test_later_fields_of_the_server_are_refused() -> None:
    raw = batch().SerializeToString() + b"\xb8\x06\x01"  # field 103
    with pytest.raises(ServiceError, match="field 103"):
        check_batch(parsed(raw))


def test_a_batch_of_the_greatest_size_passes_and_one_more_byte_does_not() -> None:
    request = batch(pb.Event(log_lines=pb.LogLines(stream=1, lines=["x"])))
    room = limits.RECORD_MAX_BYTES - request.ByteSize()
    # The lengths in front of the line, the event and the batch grow by 3 bytes each.
    request.events[0].log_lines.lines[0] = "x" * (room - 9 + 1)
    raw = request.SerializeToString()
    assert len(raw) == limits.RECORD_MAX_BYTES
    check_batch(parsed(raw))
    with pytest.raises(ServiceError, match="at most 4194304"):
        parsed(raw + b"\0")


def test_what_is_no_message_is_refused() -> None:
    with pytest.raises(ServiceError, match=r"no runstream\.v1\.AppendRequest"):
        parsed(b"\xff\xff\xff")


def _mutated(raw: bytes, position: int, byte: int, cut: int) -> bytes:
    changed = bytearray(raw)
    changed[position % len(raw)] = byte
    return bytes(changed[: len(raw) - cut % len(raw)])


@given(
    st.sampled_from([row[1].SerializeToString() for row in GOOD]),
    st.integers(0, 10_000),
    st.integers(0, 255),
    st.one_of(st.just(0), st.integers(0, 10_000)),
)
def test_damaged_bytes_are_refused_or_pass_and_never_crash(
    raw: bytes, position: int, byte: int, cut: int
) -> None:
    _judge(lambda: check_batch(parsed(_mutated(raw, position, byte, cut))))


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_pass_and_never_crash(raw: bytes) -> None:
    _judge(lambda: check_batch(parsed(raw)))


def _judge(check: Callable[[], None]) -> None:
    try:
        check()
    except ServiceError as error:
        code = error.error_code
    else:
        return
    assert code == INVALID_PARAMETER_VALUE
