"""Histories of a log for property tests: what was logged, sent twice, late and wrong."""

from __future__ import annotations

import math
import zlib
from typing import Any

from hypothesis import strategies as st

from runstream.v1 import events_pb2 as pb
from tests.unit.folds.batches import (
    MODEL,
    Point,
    artifact,
    created,
    dataset_input,
    inputs,
    metrics,
    model_created,
    model_deleted,
    model_params,
    model_tags,
    model_updated,
    outputs,
    params,
    tags,
    updated,
)

RUNS = ("a0" * 16, "b1" * 16, "c0" * 16)
PRODUCERS = (b"p" * 16, b"q" * 16)

_VALUES = [math.nan, math.inf, -math.inf, 0.0, -0.0, 1.5, -2.0, 1e308, 5e-324]
_STEPS = [-(2**63), -1025, -1024, -1, 0, 1, 1023, 1024, 2**63 - 1]

_points = st.builds(
    Point,
    key=st.sampled_from(["loss", "val/loss"]),
    step=st.sampled_from(_STEPS),
    timestamp=st.sampled_from([0, 1, 1_700_000_000_000]),
    value=st.sampled_from(_VALUES),
    model_id=st.sampled_from(["", "", "m-1", "m-2"]),
    dataset=st.sampled_from(["", "", "train"]),
)
_small = st.sampled_from(["", "x", "y", "ü"])
_times = st.integers(0, 3)


def _changes(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[pb.Event]:
    return st.fixed_dictionaries({}, optional=fields).map(lambda given: updated(**given))


_EVENTS: list[st.SearchStrategy[pb.Event]] = [
    st.lists(_points, min_size=1, max_size=6).map(lambda points: metrics(*points)),
    st.builds(lambda value: params(p=value), _small),
    st.builds(lambda first, second: params(p=first, q=second), _small, _small),
    st.builds(lambda value: tags(t=value), _small),
    st.builds(lambda: tags("t")),
    st.builds(lambda value: tags("t", t=value), _small),
    st.builds(lambda value: tags(**{"mlflow.runName": value}), _small),
    st.builds(created, _small, _times, _small),
    _changes(status=st.integers(1, 5), end_time_ms=_times, run_name=_small),
    st.builds(artifact, st.sampled_from(["a", "a/b"]), _small, _times),
    st.builds(
        lambda name, source, value: inputs(dataset_input(name, source=source, t=value)),
        st.sampled_from(["train", "test"]),
        _small,
        _small,
    ),
    st.just(inputs(models=["m-1"])),
    st.builds(lambda step: outputs(**{"m-1": step}), _times),
    st.just(pb.Event(run_deleted=pb.RunDeleted())),
    st.just(pb.Event(run_restored=pb.RunRestored())),
    st.just(pb.Event(heartbeat=pb.Heartbeat())),
    st.just(pb.Event(log_lines=pb.LogLines(stream=1, lines=["kept in the log only"]))),
    st.builds(
        lambda host, pid: pb.Event(producer_started=pb.ProducerStarted(host=host, pid=pid)),
        _small,
        _times,
    ),
    st.builds(
        lambda last, died: pb.Event(
            producer_end=pb.ProducerEnd(last_seq=last, points=1, events=2, died=died)
        ),
        st.integers(1, 3),
        st.booleans(),
    ),
    st.just(pb.Event(void=pb.Void(reason="refused"))),
]
_MODEL_EVENTS: list[st.SearchStrategy[pb.Event]] = [
    st.builds(model_created, _small, st.just(MODEL), _times),
    st.builds(lambda status: model_updated(status=status), st.sampled_from([1, 2, 3])),
    st.builds(lambda text: model_updated(status_message=text), _small),
    st.just(model_deleted()),
    st.builds(lambda value: model_params(p=value), _small),
    st.builds(lambda value: model_tags(t=value), _small),
    st.builds(lambda: model_tags("t")),
    st.builds(artifact, st.sampled_from(["a", "a/b"]), _small, _times),
]
_PURGE = st.just(pb.Event(run_purged=pb.RunPurged()))


@st.composite
def histories(draw: st.DrawFn, purges: bool = True) -> list[pb.AppendRequest]:
    """Requests in the order of the log: fresh ones, and copies of earlier ones."""
    kinds = [*_EVENTS, *([_PURGE] if purges and draw(st.integers(0, 3)) == 0 else [])]
    log: list[pb.AppendRequest] = []
    sent: dict[tuple[str, bytes], int] = {}
    for _ in range(draw(st.integers(1, 12))):
        kind = draw(st.integers(0, 5))
        if log and kind == 0:
            log.append(draw(st.sampled_from(log)))
        elif log and kind == 1:
            log.append(_other_content(draw(st.sampled_from(log)), draw(_batches(kinds))))
        else:
            log.append(_numbered(draw(_batches(kinds)), sent))
    return log


@st.composite
def _batches(draw: st.DrawFn, kinds: list[st.SearchStrategy[pb.Event]]) -> pb.AppendRequest:
    stream_id = draw(st.sampled_from([*RUNS, MODEL]))
    if stream_id == MODEL:
        kinds = _MODEL_EVENTS
    return pb.AppendRequest(
        stream_id=stream_id,
        producer_id=draw(st.sampled_from(PRODUCERS)),
        attempt_start_ms=draw(st.integers(0, 2)),
        source=draw(st.sampled_from(["", "rank=0"])),
        events=draw(st.lists(st.one_of(kinds), min_size=1, max_size=5)),
        accepted_ms=draw(st.integers(0, 5)),
        experiment_id=draw(st.sampled_from(["", "0", "7"])),
    )


def _numbered(request: pb.AppendRequest, sent: dict[tuple[str, bytes], int]) -> pb.AppendRequest:
    producer = (request.stream_id, request.producer_id)
    sent[producer] = sent.get(producer, 0) + 1
    request.seq = sent[producer]
    return _checked(request)


def _other_content(known: pb.AppendRequest, request: pb.AppendRequest) -> pb.AppendRequest:
    """Under an identity that is taken."""
    request.stream_id = known.stream_id
    request.producer_id = known.producer_id
    request.seq = known.seq
    return _checked(request)


def _checked(request: pb.AppendRequest) -> pb.AppendRequest:
    request.content_crc32 = zlib.crc32(request.SerializeToString(deterministic=True))
    return request
