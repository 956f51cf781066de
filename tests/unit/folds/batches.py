"""Batches as ingest appends them, made in a line."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from runstream.v1 import events_pb2 as pb
from runstream_server.events.decode import Batch, decode

RUN = "0123456789abcdef" * 2
OTHER_RUN = "ff" * 16
MODEL = "m-" + "5a" * 16
PRODUCER = b"producer-of-16-b"


class Point(NamedTuple):
    """One point, with what its series says."""

    key: str
    step: int
    timestamp: int
    value: float
    model_id: str = ""
    dataset: str = ""


def metrics(*points: Point) -> pb.Event:
    """One event with these points; every point brings its own series."""
    columns = list(zip(*points, strict=True)) if points else [(), (), (), (), (), ()]
    return pb.Event(
        metrics=pb.Metrics(
            series=[
                pb.Series(
                    key=one.key,
                    model_id=one.model_id,
                    dataset_name=one.dataset,
                    dataset_digest=one.dataset and "d1",
                )
                for one in points
            ],
            key_index=np.arange(len(points), dtype="<u4").tobytes(),
            step=np.array(columns[1], dtype="<i8").tobytes(),
            timestamp=np.array(columns[2], dtype="<i8").tobytes(),
            value=np.array(columns[3], dtype="<f8").tobytes(),
        )
    )


def params(**values: str) -> pb.Event:
    pairs = [pb.KeyValue(key=key, value=value) for key, value in values.items()]
    return pb.Event(params=pb.Params(params=pairs))


def tags(*deleted: str, **values: str) -> pb.Event:
    pairs = [pb.KeyValue(key=key, value=value) for key, value in values.items()]
    return pb.Event(tags=pb.Tags(set=pairs, delete=deleted))


def created(name: str = "", start: int = 1, user: str = "me") -> pb.Event:
    run = pb.RunCreated(experiment_id="3", run_name=name, start_time_ms=start, user_id=user)
    return pb.Event(run_created=run)


def updated(**fields: Any) -> pb.Event:
    return pb.Event(run_updated=pb.RunUpdated(**fields))


def artifact(path: str, key: str, size: int = 1) -> pb.Event:
    logged = pb.ArtifactLogged(path=path, object_key=key, size_bytes=size, sha256=b"s" * 32)
    return pb.Event(artifact_logged=logged)


def dataset_input(name: str, digest: str = "d1", source: str = "", **tags: str) -> pb.DatasetInput:
    data = pb.Dataset(name=name, digest=digest, source_type="local", source=source)
    return pb.DatasetInput(
        dataset=data, tags=[pb.KeyValue(key=key, value=value) for key, value in tags.items()]
    )


def inputs(*datasets: pb.DatasetInput, models: Sequence[str] = ()) -> pb.Event:
    return pb.Event(inputs=pb.Inputs(datasets=datasets, model_ids=models))


def outputs(**steps: int) -> pb.Event:
    models = [pb.ModelOutput(model_id=model_id, step=step) for model_id, step in steps.items()]
    return pb.Event(outputs=pb.Outputs(models=models))


def model_created(name: str = "net", model_id: str = MODEL, start: int = 1) -> pb.Event:
    model = pb.LoggedModelCreated(
        model_id=model_id, experiment_id="3", name=name, creation_time_ms=start, source_run_id=RUN
    )
    return pb.Event(logged_model_created=model)


def model_updated(model_id: str = MODEL, **fields: Any) -> pb.Event:
    return pb.Event(logged_model_updated=pb.LoggedModelUpdated(model_id=model_id, **fields))


def model_deleted(model_id: str = MODEL) -> pb.Event:
    return pb.Event(logged_model_deleted=pb.LoggedModelDeleted(model_id=model_id))


def model_params(model_id: str = MODEL, **values: str) -> pb.Event:
    pairs = [pb.KeyValue(key=key, value=value) for key, value in values.items()]
    return pb.Event(logged_model_params=pb.LoggedModelParams(model_id=model_id, params=pairs))


def model_tags(*deleted: str, model_id: str = MODEL, **values: str) -> pb.Event:
    pairs = [pb.KeyValue(key=key, value=value) for key, value in values.items()]
    message = pb.LoggedModelTags(model_id=model_id, set=pairs, delete=deleted)
    return pb.Event(logged_model_tags=message)


def record(*events: pb.Event, **header: Any) -> bytes:
    """The bytes of a record; header fields replace the good ones."""
    good: dict[str, Any] = {
        "stream_id": RUN,
        "producer_id": PRODUCER,
        "seq": 1,
        "attempt_start_ms": 1000,
        "accepted_ms": 5000,
        "experiment_id": "3",
    }
    request = pb.AppendRequest(events=events, **{**good, **header})
    if "content_crc32" not in header:
        request.content_crc32 = zlib.crc32(request.SerializeToString())
    return request.SerializeToString()


def batch(*events: pb.Event, partition: int = 0, offset: int = 0, **header: Any) -> Batch:
    """A batch as a fold gets it."""
    return decode(partition, offset, record(*events, **header))


def batches(*parts: Sequence[pb.Event], **header: Any) -> list[Batch]:
    """Consecutive batches of one producer, from offset 0 and seq 1."""
    return [
        batch(*events, offset=offset, seq=offset + 1, **header)
        for offset, events in enumerate(parts)
    ]
