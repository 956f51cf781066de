"""Folds of inputs, outputs, series with names, and logged models."""

from __future__ import annotations

import math

from runstream.v1 import events_pb2 as pb
from runstream_server.events.folds.artifacts import fold_artifacts, fold_model_artifacts
from runstream_server.events.folds.flush import Flush
from runstream_server.events.folds.inputs import fold_inputs
from runstream_server.events.folds.models import fold_models
from runstream_server.events.folds.params import fold_model_params, fold_params
from runstream_server.events.folds.run_models import fold_run_models
from runstream_server.events.folds.runs import fold_runs
from runstream_server.events.folds.series import fold_series
from runstream_server.events.folds.tags import fold_model_tags, fold_tags
from tests.unit.folds.batches import (
    MODEL,
    RUN,
    Point,
    artifact,
    batch,
    batches,
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
)
from tests.unit.folds.oracle_log import MIDDLE, UINT64_MAX
from tests.unit.folds.rows import plain_rows

STEP = 2**20
HEX = MODEL[2:]


def of_model(*parts: list[pb.Event]) -> Flush:
    return Flush(batches(*parts, stream_id=MODEL))


def test_of_a_dataset_the_first_mention_counts() -> None:
    first, later = dataset_input("a", source="1", t="x"), dataset_input("a", source="2", t="y")
    flush = Flush(batches([inputs(first, later)], [inputs(later, dataset_input("b"))]))
    assert plain_rows(fold_inputs(flush)) == [
        (RUN, "a", "d1", "local", "1", "", "", [("t", "x")], MIDDLE - 1),
        (RUN, "b", "d1", "local", "", "", "", [], MIDDLE - 1 - STEP),
    ]
    assert plain_rows(fold_inputs(Flush(batches([inputs(models=["m"])])))) == []


def test_models_read_and_written() -> None:
    flush = Flush(batches([inputs(models=["a", "a"]), outputs(a=3)], [outputs(a=4, b=5)]))
    assert plain_rows(fold_run_models(flush)) == [
        (RUN, 0, "a", 0, MIDDLE - 1),
        (RUN, 1, "a", 3, MIDDLE - 2),
        (RUN, 1, "b", 5, MIDDLE - 1 - STEP),
    ]


def test_series_with_names_have_their_latest_point() -> None:
    points = [
        Point("k", 1, 1, 0.5, "m"),
        Point("k", 3, 1, 0.5),
        Point("k", 2, 1, math.nan, "m"),
        Point("k", 2, 1, -1.0, "m", "data"),
        Point("a", 2, 1, 7.0, "", "data"),
    ]
    rows = plain_rows(fold_series(Flush([batch(metrics(*points), source="rank=1")])))
    assert sorted(rows) == [
        (RUN, "a", "rank=1", "", "data", "d1", (2, 1, 7.0, 0)),
        (RUN, "k", "rank=1", "m", "", "", (2, 1, 0.0, 1)),
        (RUN, "k", "rank=1", "m", "data", "d1", (2, 1, -1.0, 0)),
    ]
    assert fold_series(Flush([batch(metrics(Point("k", 1, 1, 1.0)))])).count == 0
    assert fold_series(Flush([batch(tags(t="x"))])).count == 0


def test_attributes_of_a_model() -> None:
    flush = of_model(
        [model_created("net", start=5), model_created("late")],
        [model_updated(status=2), model_updated(status_message="ok")],
        [model_updated(status=3), model_deleted()],
    )
    assert plain_rows(fold_models(flush)) == [
        (HEX, (0, 3, 5, "net", "", RUN), (2 * STEP + 1, 3), (STEP + 2, "ok"), 5000, 1)
    ]
    assert plain_rows(fold_models(of_model([model_tags(t="x")]))) == []
    (unseen,) = plain_rows(fold_models(of_model([model_deleted()])))
    assert unseen[1][0] == UINT64_MAX


def test_what_belongs_to_a_model_is_no_runs() -> None:
    flush = of_model([model_params(p="1"), model_tags(t="x"), artifact("a", "k")])
    assert plain_rows(fold_model_params(flush)) == [(HEX, "p", (0, "1"), "1", "1")]
    assert plain_rows(fold_model_tags(flush)) == [(HEX, "t", "x", MIDDLE + 1, 0)]
    assert plain_rows(fold_model_artifacts(flush)) == [(HEX, "a", "k", 1, b"s" * 32, 2)]
    for fold in (fold_params, fold_tags, fold_artifacts, fold_runs):
        assert fold(flush).count == 0
    runs = Flush([batch(params(p="1"), tags(t="x"), artifact("a", "k"))])
    for fold in (fold_model_params, fold_model_tags, fold_model_artifacts, fold_models):
        assert fold(runs).count == 0
