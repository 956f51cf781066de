"""A table of events that are refused, one row per rule."""

from __future__ import annotations

import numpy as np
import pytest

from runstream.v1 import events_pb2 as pb
from tests.unit.events.batches import (
    EMOJI_KEY,
    MODEL,
    artifact,
    batch,
    created,
    dataset,
    dataset_tag,
    model,
    params,
    points,
    refused,
    series,
    tags,
)

EVENTS: list[tuple[str, pb.Event, str]] = [
    ("no kind", pb.Event(time_ms=1), "events[0]"),
    ("negative time", pb.Event(time_ms=-1, heartbeat=pb.Heartbeat()), "time_ms"),
    ("genesis", pb.Event(genesis=pb.Genesis(log_id="x")), "genesis"),
    ("a claim", pb.Event(experiment_created=pb.ExperimentCreated(name="x")), "experiment_created"),
    ("no points", points(0), "metrics.key_index"),
    ("short step", points(step=b"\0" * 16), "metrics.step"),
    ("long timestamp", points(timestamp=b"\0" * 32), "metrics.timestamp"),
    ("odd value", points(value=b"\0" * 23), "metrics.value"),
    ("odd key_index", points(key_index=b"\0" * 13), "metrics.key_index"),
    ("index 1 of 1", points(key_index=np.array([0, 1, 0], "<u4").tobytes()), "key_index[1]"),
    ("time -5", points(timestamp=np.array([1, -5, 1], "<i8").tobytes()), "timestamp[1]"),
    ("empty metric key", series(key=""), "series[0].key"),
    ("long metric key", series(key="k" * 251), "series[0].key"),
    ("bad metric key", series(key=EMOJI_KEY), "series[0].key"),
    ("metric key ..", series(key="../x"), "series[0].key"),
    ("metric key //", series(key="a//b"), "series[0].key"),
    ("metric key newline", series(key="a\n"), "series[0].key"),
    ("long dataset name", series(dataset_name="n" * 501), "series[0].dataset_name"),
    ("long digest", series(dataset_digest="n" * 37), "series[0].dataset_digest"),
    ("long model id", series(model_id="n" * 501), "series[0].model_id"),
    ("empty param key", params(""), "params[0].key"),
    ("absolute param key", params("/x"), "params[0].key"),
    ("long param", params("k", "v" * 6001), "params[0].value"),
    ("dot tag key", tags("."), "set[0].key"),
    ("long tag", tags("k", "v" * 8001), "set[0].value"),
    ("empty deleted tag", pb.Event(tags=pb.Tags(delete=[""])), "delete[0]"),
    ("no experiment", created(experiment_id=""), "run_created.experiment_id"),
    ("experiment word", created(experiment_id="abc"), "run_created.experiment_id"),
    ("negative experiment", created(experiment_id="-1"), "run_created.experiment_id"),
    ("huge experiment", created(experiment_id="1" * 19), "run_created.experiment_id"),
    ("two experiments", created(experiment_name="n"), "run_created.experiment_name"),
    (
        "long experiment name",
        created(experiment_id="", experiment_name="n" * 501),
        "run_created.experiment_name",
    ),
    ("long user", created(user_id="u" * 257), "user_id"),
    ("long run name", created(run_name="u" * 8001), "run_name"),
    ("status 0", pb.Event(run_updated=pb.RunUpdated(status=pb.RUN_STATUS_UNSPECIFIED)), "status"),
    ("no dataset name", dataset(name=""), "dataset.name"),
    ("no digest", dataset(digest=""), "dataset.digest"),
    ("long dataset digest", dataset(digest="1" * 37), "dataset.digest"),
    ("long dataset source", dataset(source="s" * 65_536), "dataset.source"),
    ("long input tag", dataset_tag("k" * 256), "tags[0].key"),
    ("long input tag value", dataset_tag("k", "v" * 501), "tags[0].value"),
    ("no model id", pb.Event(outputs=pb.Outputs(models=[pb.ModelOutput()])), "models[0].model_id"),
    ("no path", artifact(path=""), "path"),
    ("absolute path", artifact(path="/etc/passwd"), "path"),
    ("path up", artifact(path="../x"), "path"),
    ("path inside up", artifact(path="a/../../x"), "path"),
    ("path dot", artifact(path="."), "path"),
    ("path slash", artifact(path="a/"), "path"),
    ("path backslash", artifact(path="a\\b"), "path"),
    ("path zero", artifact(path="a\0b"), "path"),
    ("long path", artifact(path="a/" * 600 + "a"), "path"),
    ("long file name", artifact(path="a" * 256), "path"),
    ("no object", artifact(object_key=""), "object_key"),
    ("negative size", artifact(size_bytes=-1), "size_bytes"),
    ("short sha", artifact(sha256=b"x"), "sha256"),
    ("stream 3", pb.Event(log_lines=pb.LogLines(stream=3)), "stream"),
    ("times", pb.Event(log_lines=pb.LogLines(stream=1, lines=["a"], time_ms=[1, 2])), "time_ms"),
    ("end at 0", pb.Event(producer_end=pb.ProducerEnd()), "last_seq"),
    ("long host", pb.Event(producer_started=pb.ProducerStarted(host="h" * 501)), "host"),
    ("long void", pb.Event(void=pb.Void(reason="r" * 8001)), "reason"),
]


MODEL_EVENTS: list[tuple[str, pb.Event, str]] = [
    ("no model", model(model_id=""), "model_id"),
    ("another model", model(model_id="m-" + "0" * 32), "model_id"),
    ("no model name", model(name=""), "name"),
    ("long model name", model(name="n" * 501), "name"),
    *((f"model name {c}", model(name=f"a{c}b"), "name") for c in "/:.%\"'"),
    ("updated model", pb.Event(logged_model_updated=pb.LoggedModelUpdated()), "model_id"),
    (
        "model status",
        pb.Event(
            logged_model_updated=pb.LoggedModelUpdated(
                model_id=MODEL, status=pb.LOGGED_MODEL_STATUS_UNSPECIFIED
            )
        ),
        "status",
    ),
    ("deleted model", pb.Event(logged_model_deleted=pb.LoggedModelDeleted()), "model_id"),
    (
        "model param",
        pb.Event(
            logged_model_params=pb.LoggedModelParams(model_id=MODEL, params=[pb.KeyValue(key="")])
        ),
        "params[0].key",
    ),
    (
        "model tag",
        pb.Event(logged_model_tags=pb.LoggedModelTags(model_id=MODEL, set=[pb.KeyValue(key="")])),
        "set[0].key",
    ),
    ("path up", artifact(path="../x"), "path"),
    ("a run's tag", tags("k"), "events[0].tags"),
]


@pytest.mark.parametrize(("event", "field"), [row[1:] for row in EVENTS], ids=[
    row[0] for row in EVENTS
])  # fmt: skip
def test_a_bad_event_refuses_the_batch(event: pb.Event, field: str) -> None:
    error = refused(batch(event))
    assert field in error.place.field
    assert list(error.place.event_indexes) == [0]
    assert len(error.message) < 700


@pytest.mark.parametrize(("event", "field"), [row[1:] for row in MODEL_EVENTS], ids=[
    row[0] for row in MODEL_EVENTS
])  # fmt: skip
def test_a_bad_event_refuses_a_models_batch(event: pb.Event, field: str) -> None:
    error = refused(batch(event, stream_id=MODEL))
    assert field in error.place.field
    assert list(error.place.event_indexes) == [0]
