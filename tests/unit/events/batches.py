"""Batches and events to validate: good ones, of which a test spoils something."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from runstream.error_codes import INVALID_PARAMETER_VALUE
from runstream.v1 import events_pb2 as pb
from runstream_server.errors import ServiceError
from runstream_server.events.validation import check_batch, parsed

RUN = "0123456789abcdef" * 2
EMOJI_KEY = "loss 😀"


def points(n: int = 3, **columns: bytes) -> pb.Event:
    """A Metrics event of n points; columns replace the good ones."""
    good = {
        "key_index": np.zeros(n, "<u4").tobytes(),
        "step": np.arange(n, dtype="<i8").tobytes(),
        "timestamp": np.full(n, 1_700_000_000_000, "<i8").tobytes(),
        "value": np.zeros(n, "<f8").tobytes(),
    }
    return pb.Event(metrics=pb.Metrics(series=[pb.Series(key="loss")], **{**good, **columns}))


def batch(*events: pb.Event, **header: Any) -> pb.AppendRequest:
    """A good batch of these events; header fields replace the good ones."""
    good = {"stream_id": RUN, "producer_id": b"p" * 16, "seq": 1}
    return pb.AppendRequest(events=events or [points()], **{**good, **header})


def refused(request: pb.AppendRequest) -> ServiceError:
    """The error of a batch; through bytes, as it comes from the wire."""
    with pytest.raises(ServiceError) as caught:
        check_batch(parsed(request.SerializeToString()))
    assert caught.value.error_code == INVALID_PARAMETER_VALUE
    return caught.value


def series(**fields: str) -> pb.Event:
    event = points()
    event.metrics.series[0].CopyFrom(pb.Series(**{"key": "loss", **fields}))
    return event


def tags(key: str, value: str = "") -> pb.Event:
    return pb.Event(tags=pb.Tags(set=[pb.KeyValue(key=key, value=value)]))


def params(key: str, value: str = "") -> pb.Event:
    return pb.Event(params=pb.Params(params=[pb.KeyValue(key=key, value=value)]))


def dataset(**fields: str) -> pb.Event:
    entry = pb.DatasetInput(dataset=pb.Dataset(**{"name": "d", "digest": "1", **fields}))
    return pb.Event(inputs=pb.Inputs(datasets=[entry]))


def dataset_tag(key: str, value: str = "") -> pb.Event:
    event = dataset()
    event.inputs.datasets[0].tags.add(key=key, value=value)
    return event


def artifact(**fields: Any) -> pb.Event:
    good = {"path": "a/b.txt", "object_key": "k", "size_bytes": 1, "sha256": b"s" * 32}
    return pb.Event(artifact_logged=pb.ArtifactLogged(**{**good, **fields}))


def created(**fields: Any) -> pb.Event:
    return pb.Event(run_created=pb.RunCreated(**{"experiment_id": "0", **fields}))


MODEL = "m-" + RUN


def model(**fields: Any) -> pb.Event:
    good = {"model_id": MODEL, "experiment_id": "0", "name": "net"}
    return pb.Event(logged_model_created=pb.LoggedModelCreated(**{**good, **fields}))
