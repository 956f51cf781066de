"""Logged models: one by id, search, their artifacts."""

from __future__ import annotations

import math
from typing import Any

import pytest

from runstream.v1 import events_pb2 as events
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.errors import ServiceError
from runstream_server.query.service import QueryService
from runstream_server.service import CallContext
from tests.integration.query.tables import (
    Tables,
    experiment_row,
    model_id,
    model_row,
    param_row,
    run_id,
    series_row,
)

A, B, C, GONE = (model_id(number) for number in range(1, 5))
RUN, PURGED = run_id(1), run_id(2)


def key(model: str) -> str:
    return model[2:]


@pytest.fixture
def models(empty: Tables) -> Tables:
    """Three models of which C is the newest, one that is deleted, one that was never created."""
    empty.insert("experiments", experiment_row(3), experiment_row(4, artifact_location="s3://b/x"))
    for number, (model, name) in enumerate(((A, "net"), (B, "net"), (C, "tree"), (GONE, "gone"))):
        created = (number, 4 if model == C else 3, 1000 + number, name, "kind", RUN)
        empty.insert("models", model_row(key(model), created=created))
    empty.insert("models", model_row(key(GONE), deleted=1))
    empty.insert("models", model_row(key(model_id(9)), status=(9, 2)))
    empty.insert("tombstones", (PURGED,))
    empty.insert("series", series_row(RUN, "acc", "", 1, 5, 0.5, model=A, dataset="iris"))
    empty.insert("series", series_row(RUN, "acc", "", 2, 6, 0.7, model=A, dataset="iris"))
    empty.insert("series", series_row(RUN, "acc", "", 1, 9, 0.1, model=A))
    empty.insert("series", series_row(RUN, "acc", "", 1, 5, 0.6, model=B, dataset="iris"))
    empty.insert("series", series_row(PURGED, "acc", "", 1, 5, 0.9, model=C, dataset="iris"))
    empty.insert("series", series_row(RUN, "bad", "", 1, 5, math.nan, model=C))
    return empty


def get(service: QueryService, ctx: CallContext, model: str, **fields: Any) -> Any:
    return service.get_logged_model(tracking.GetLoggedModelRequest(model_id=model, **fields), ctx)


def test_attributes_come_from_the_rows_that_count(
    models: Tables, service: QueryService, ctx: CallContext
) -> None:
    late = (50, 9, 1, "late", "", "")
    models.insert("models", model_row(key(A), created=late, status=(7, 3), updated_ms=500))
    models.insert("models", model_row(key(A), status=(8, 2), status_message=(8, "ok")))
    models.insert("models", model_row(key(A), updated_ms=7000))
    models.insert("model_params", param_row(key(A), "p", 9, "late"), param_row(key(A), "p", 1, "1"))
    models.insert("model_tags", (key(A), "t", "old", 1, 0), (key(A), "u", "x", 1, 0))
    models.insert("model_tags", (key(A), "t", "new", 2, 0), (key(A), "u", "", 2, 1))
    model = get(service, ctx, A)
    assert [(one.dataset_name, one.value) for one in model.metrics] == [("", 0.1), ("iris", 0.7)]
    assert {one.run_id for one in model.metrics} == {RUN}
    del model.metrics[:]
    assert model == tracking.LoggedModel(
        model_id=A,
        experiment_id="3",
        name="net",
        model_type="kind",
        source_run_id=RUN,
        status=events.LOGGED_MODEL_READY,
        status_message="ok",
        creation_time=1000,
        last_update_time=7000,
        artifact_uri=f"mlflow-artifacts:/3/models/{A}/artifacts",
        lifecycle_stage="active",
        params=[events.KeyValue(key="p", value="1")],
        tags=[events.KeyValue(key="t", value="new")],
    )


def test_a_new_model_is_pending_where_its_experiment_keeps_artifacts(
    models: Tables, service: QueryService, ctx: CallContext
) -> None:
    model = get(service, ctx, C)
    assert model.status == events.LOGGED_MODEL_PENDING
    assert model.artifact_uri == f"s3://b/x/models/{C}/artifacts"
    assert model.last_update_time == model.creation_time == 1002
    assert [metric.key for metric in model.metrics] == ["bad"]


@pytest.mark.parametrize("unknown", [GONE, model_id(9), model_id(10), "m-1", "", "m-' OR 1"])
def test_what_is_not_found(
    models: Tables, service: QueryService, ctx: CallContext, unknown: str
) -> None:
    with pytest.raises(ServiceError, match="not found") as error:
        get(service, ctx, unknown)
    assert error.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_a_deleted_model_is_found_when_asked_for(
    models: Tables, service: QueryService, ctx: CallContext
) -> None:
    assert get(service, ctx, GONE, allow_deleted=True).lifecycle_stage == "deleted"


def search(service: QueryService, ctx: CallContext, **fields: Any) -> list[str]:
    request = tracking.SearchLoggedModelsRequest(**{"experiment_ids": ["3", "4"], **fields})
    return [model.model_id for model in service.search_logged_models(request, ctx).models]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", [C, B, A]),
        ("name = 'net'", [B, A]),
        ("name='net' AND model_id != 'x'", [B, A]),
        (f"attributes.model_id IN ('{A}')", [A]),
        ("name ILIKE 'N%'", [B, A]),
        ("status = 'PENDING'", [C, A]),
        ("status = 'READY'", [B]),
        ("creation_time > 1000", [C, B]),
        ("creation_timestamp_ms <= 1001", [B, A]),
        ("last_updated_timestamp >= 5000", [B]),
        ("experiment_id = '4'", [C]),
        ("artifact_location LIKE 's3://b/x/models/%'", [C]),
        (f"source_run_id = '{RUN}'", [C, B, A]),
        ("metrics.acc > 0.6", [A]),
        ("metrics.acc > 0.5", [B, A]),
        ("metrics.acc < 0.2", [A]),
        ("metrics.acc = 0.5", []),
        ("metrics.acc = 0.9", []),
        ("metrics.bad > 0", []),
        ("metrics.bad != 0", [C]),
        ("params.p = '1'", [A]),
        ("params.p = 'late'", []),
        ("tags.t IN ('new', 'x')", [A]),
        ("tags.t = 'old'", []),
        ("tags.u = 'x'", []),
    ],
)
def test_filters(
    models: Tables, service: QueryService, ctx: CallContext, text: str, wanted: list[str]
) -> None:
    models.insert("models", model_row(key(B), status=(8, 2), updated_ms=6000))
    models.insert("model_params", param_row(key(A), "p", 9, "late"), param_row(key(A), "p", 1, "1"))
    models.insert("model_tags", (key(A), "t", "old", 1, 0), (key(A), "u", "x", 1, 0))
    models.insert("model_tags", (key(A), "t", "new", 2, 0), (key(A), "u", "", 2, 1))
    assert search(service, ctx, filter=text) == wanted


def test_datasets_narrow_what_metrics_are_compared(
    models: Tables, service: QueryService, ctx: CallContext
) -> None:
    iris = [tracking.DatasetFilter(name="iris")]
    other = [tracking.DatasetFilter(name="iris", digest="d2"), tracking.DatasetFilter(name="x")]
    assert search(service, ctx, filter="metrics.acc < 0.2", datasets=iris) == []
    assert search(service, ctx, filter="metrics.acc > 0.2", datasets=iris) == [B, A]
    assert search(service, ctx, datasets=iris) == [B, A]
    assert search(service, ctx, datasets=other) == []
    with pytest.raises(ServiceError, match="dataset_name"):
        search(service, ctx, datasets=[tracking.DatasetFilter(digest="d1")])


def order(field: str, descending: bool = False, **dataset: str) -> Any:
    return tracking.ModelOrder(field=field, descending=descending, **dataset)


def test_orders(models: Tables, service: QueryService, ctx: CallContext) -> None:
    def by(*keys: Any) -> list[str]:
        return search(service, ctx, order_by=keys)

    assert by(order("creation_timestamp")) == [A, B, C]
    assert by(order("name", descending=True)) == [C, B, A]
    assert by(order("name"), order("creation_time")) == [A, B, C]
    # The newest point of A is the one without a dataset.
    assert by(order("metrics.acc")) == [A, B, C]
    assert by(order("metrics.acc", descending=True)) == [B, A, C]
    assert by(order("metrics.acc", descending=True, dataset_name="iris")) == [A, B, C]
    assert by(order("metrics.bad")) == [C, B, A]
    for wrong in (
        order(""),
        order("params.p"),
        order("nonsense"),
        order("name", dataset_name="iris"),
        order("metrics.acc", dataset_digest="d1"),
    ):
        with pytest.raises(ServiceError) as error:
            by(wrong)
        assert error.value.error_code == "INVALID_PARAMETER_VALUE"


def test_pages(models: Tables, service: QueryService, ctx: CallContext) -> None:
    request = tracking.SearchLoggedModelsRequest(experiment_ids=["3", "4"], max_results=2)
    first = service.search_logged_models(request, ctx)
    request.page_token = first.next_page_token
    second = service.search_logged_models(request, ctx)
    assert [one.model_id for one in (*first.models, *second.models)] == [C, B, A]
    assert not second.next_page_token
    assert search(service, ctx, experiment_ids=[]) == []
    assert search(service, ctx, experiment_ids=["4"]) == [C]


def test_artifacts(models: Tables, service: QueryService, ctx: CallContext) -> None:
    models.insert("model_artifacts", (key(A), "data/w.bin", "k1", 3, b"s" * 32, 1))
    models.insert("model_artifacts", (key(A), "data/w.bin", "k2", 4, b"s" * 32, 2))
    models.insert("model_artifacts", (key(B), "other", "k3", 4, b"s" * 32, 2))
    request = tracking.ListArtifactsRequest(run_id=A, recursive=True)
    found = service.list_artifacts(request, ctx)
    assert found.root_uri == f"mlflow-artifacts:/3/models/{A}/artifacts"
    assert [(one.path, one.object_key) for one in found.files] == [("data/w.bin", "k2")]
    (folder,) = service.list_artifacts(tracking.ListArtifactsRequest(run_id=A), ctx).files
    assert (folder.path, folder.is_dir) == ("data", True)
    with pytest.raises(ServiceError, match="not found"):
        service.list_artifacts(tracking.ListArtifactsRequest(run_id=model_id(10)), ctx)
