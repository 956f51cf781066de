"""One history with everything in it, in a fixed order."""

from __future__ import annotations

import math

from runstream.v1 import events_pb2 as pb
from tests.unit.folds.batches import (
    MODEL,
    OTHER_RUN,
    Point,
    artifact,
    created,
    dataset_input,
    inputs,
    metrics,
    model_created,
    model_params,
    model_tags,
    model_updated,
    outputs,
    params,
    record,
    tags,
    updated,
)

_STARTED = pb.Event(producer_started=pb.ProducerStarted(host="h", pid=1))
_ENDED = pb.Event(producer_end=pb.ProducerEnd(last_seq=6, points=9, events=9))


def rich_history(copies: bool = True) -> list[pb.AppendRequest]:
    """Two runs; with copies of earlier batches, late and changed, when wanted."""
    first = [
        [_STARTED, created("one"), tags(t="a"), params(p="1")],
        [metrics(*(Point("loss", step, step, 1 / (step + 1)) for step in range(3000)))],
        [metrics(Point("loss", -5, 1, math.nan), Point("loss", 2000, 1, -math.inf))],
        [tags("t"), tags(t="b", u="c"), params(p="2", q="3"), artifact("a/b", "k1")],
        [updated(status=pb.FAILED, end_time_ms=5), artifact("a/b", "k2"), tags("u")],
        [updated(status=pb.FINISHED, end_time_ms=9, run_name="two"), _ENDED],
    ]
    second = [
        [created("other"), updated(status=pb.FINISHED), inputs(dataset_input("d"))],
        [outputs(m=3)],
        [metrics(Point("acc", 1, 1, math.inf, "m")), pb.Event(run_deleted=pb.RunDeleted())],
        [pb.Event(run_restored=pb.RunRestored())],
    ]
    requests = [_request(events, seq) for seq, events in enumerate(first, 1)]
    model = [
        [model_created(), model_params(lr="1"), model_tags(t="a")],
        [model_updated(status=pb.LOGGED_MODEL_READY), artifact("w", "k3")],
    ]
    requests += [_request(events, seq, OTHER_RUN) for seq, events in enumerate(second, 1)]
    requests += [_request(events, seq, MODEL) for seq, events in enumerate(model, 1)]
    if copies:
        requests += [requests[0], requests[3], requests[1]]
        requests.append(_request([tags(t="of another content")], 4))
    return requests


def _request(
    events: list[pb.Event], seq: int, run: str = "0123456789abcdef" * 2
) -> pb.AppendRequest:
    return pb.AppendRequest.FromString(record(*events, seq=seq, stream_id=run))
