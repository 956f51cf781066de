"""Inputs and outputs of runs, the names on metrics, and filters on datasets."""

from __future__ import annotations

import math

import pytest

from runstream.v1 import events_pb2 as events
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.query.service import QueryService
from runstream_server.service import CallContext
from tests.integration.query.tables import (
    Tables,
    experiment_row,
    input_row,
    latest_row,
    run_id,
    run_row,
    series_row,
)

A, B, C, PURGED = (run_id(number) for number in range(1, 5))


@pytest.fixture
def runs(empty: Tables) -> Tables:
    empty.insert("experiments", experiment_row(3))
    for number, run in enumerate((A, B, C, PURGED)):
        empty.insert("runs", run_row(run, created=(number, 3, 1000 - number, "ann")))
    empty.insert("tombstones", (PURGED,))
    return empty


def get(service: QueryService, ctx: CallContext, run: str = A) -> tracking.Run:
    return service.get_run(tracking.GetRunRequest(run_id=run), ctx)


def test_of_each_dataset_the_first_counts(
    runs: Tables, service: QueryService, ctx: CallContext
) -> None:
    runs.insert("inputs", input_row(A, "iris", "d1", version=5, source="late", context="test"))
    runs.insert("inputs", input_row(A, "iris", "d1", version=9, source="first", context="train"))
    runs.insert("inputs", input_row(A, "iris", "d2", version=7))
    runs.insert("inputs", input_row(A, "abc", "d1", version=6))
    runs.insert("inputs", input_row(B, "other", "d1", version=6))
    first, second, third = get(service, ctx).inputs.dataset_inputs
    assert first == events.DatasetInput(
        dataset=events.Dataset(
            name="iris", digest="d1", source_type="local", source="first", schema="s", profile="p"
        ),
        tags=[events.KeyValue(key="mlflow.data.context", value="train")],
    )
    assert (second.dataset.digest, third.dataset.name) == ("d2", "abc")


def test_models_that_a_run_read_and_wrote(
    runs: Tables, service: QueryService, ctx: CallContext
) -> None:
    runs.insert("run_models", (A, 0, "m-in", 0, 9), (A, 1, "m-z", 4, 9), (A, 1, "m-a", 7, 8))
    runs.insert("run_models", (A, 1, "m-z", 5, 3))
    run = get(service, ctx)
    assert list(run.inputs.model_ids) == ["m-in"]
    assert [(one.model_id, one.step) for one in run.outputs.model_outputs] == [
        ("m-z", 4),
        ("m-a", 7),
    ]
    (found,) = service.search_runs(
        tracking.SearchRunsRequest(experiment_ids=["3"], filter=f"run_id = '{A}'"), ctx
    ).runs
    assert (found.inputs, found.outputs) == (run.inputs, run.outputs)


def test_a_metric_has_the_names_of_its_latest_point(
    runs: Tables, service: QueryService, ctx: CallContext
) -> None:
    runs.insert("latest", latest_row(A, "acc", "", 5, 10, 0.5), latest_row(A, "loss", "", 5, 1, 2))
    runs.insert("latest", latest_row(A, "nan", "r=1", 5, 1, math.nan))
    runs.insert("series", series_row(A, "acc", "", 4, 10, 0.9, model="m-old"))
    runs.insert("series", series_row(A, "acc", "", 5, 10, 0.5, dataset="iris"))
    runs.insert("series", series_row(A, "acc", "", 3, 10, 0.1, dataset="iris"))
    runs.insert("series", series_row(A, "loss", "", 4, 1, 2, dataset="iris"))
    runs.insert("series", series_row(A, "nan", "r=1", 5, 1, math.nan, model="m-1"))
    acc, loss, nan = get(service, ctx).data.metrics
    assert (acc.model_id, acc.dataset_name, acc.dataset_digest) == ("", "iris", "d1")
    assert (loss.model_id, loss.dataset_name) == ("", "")
    assert nan.model_id == "m-1"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("datasets.name = 'iris'", [A, B]),
        ("dataset.name != 'iris'", [A]),
        ("datasets.name LIKE 'IR%'", []),
        ("datasets.name ILIKE 'IR%'", [A, B]),
        ("datasets.digest IN ('d1', 'd2')", [A, B]),
        ("datasets.digest = 'd2'", [A]),
        ("datasets.name NOT IN ('iris')", [A]),
        ("datasets.context = 'train'", [A]),
        ("datasets.context = 'superseded'", []),
        ("datasets.context != 'train'", [B]),
        ("datasets.name = 'mnist' AND datasets.context = 'train'", [A]),
        ("datasets.name = 'iris' AND attributes.user_id = 'ann'", [A, B]),
        ("datasets.name = 'iris' AND params.x = 'y'", []),
        ("datasets.name = 'nothing'", []),
    ],
)
def test_runs_are_found_by_their_datasets(
    runs: Tables, service: QueryService, ctx: CallContext, text: str, wanted: list[str]
) -> None:
    runs.insert("inputs", input_row(A, "iris", "d1", version=9, context="train"))
    runs.insert("inputs", input_row(A, "iris", "d1", version=2, context="superseded"))
    runs.insert("inputs", input_row(A, "mnist", "d2", version=8))
    runs.insert("inputs", input_row(B, "iris", "d1", version=9, context="test"))
    runs.insert("inputs", input_row(PURGED, "iris", "d1", version=9, context="train"))
    for everywhere in (True, False):
        request = tracking.SearchRunsRequest(
            experiment_ids=["3"], all_experiments=everywhere, filter=text
        )
        found = service.search_runs(request, ctx)
        assert [run.info.run_id for run in found.runs] == wanted


def test_summaries_of_datasets(runs: Tables, service: QueryService, ctx: CallContext) -> None:
    runs.insert("inputs", input_row(A, "iris", "d1", version=9, context="train"))
    runs.insert("inputs", input_row(B, "iris", "d1", version=3, context="train"))
    runs.insert("inputs", input_row(B, "iris", "d2", version=3))
    runs.insert("inputs", input_row(PURGED, "secret", "d1", version=9))
    found = service.search_datasets(tracking.SearchDatasetsRequest(experiment_ids=["3", "4"]), ctx)
    assert list(found.summaries) == [
        tracking.DatasetSummary(experiment_id="3", name="iris", digest="d1", context="train"),
        tracking.DatasetSummary(experiment_id="3", name="iris", digest="d2"),
    ]
    assert not service.search_datasets(
        tracking.SearchDatasetsRequest(experiment_ids=["7"]), ctx
    ).summaries
