"""Experiments: by id, by name, by search."""

from __future__ import annotations

import pytest

from runstream.v1 import tracking_pb2 as tracking
from runstream_server.errors import ServiceError
from runstream_server.query.service import QueryService
from runstream_server.service import CallContext
from tests.integration.query.tables import Tables, experiment_row, run_id, run_row

PROVISIONAL = 123456789012345678


@pytest.fixture
def filled(empty: Tables) -> Tables:
    empty.insert(
        "experiments",
        experiment_row(0, name="Default", created_ms=10, updated_ms=10),
        experiment_row(1, name="old name", created_ms=20, updated_ms=20),
        experiment_row(2, name="vision", created_ms=20, updated_ms=40, tags=[("team", "a")]),
        experiment_row(3, name="Vision 2", created_ms=30, updated_ms=30, tags=[("team", "it's")]),
    )
    empty.insert(
        "experiments",
        experiment_row(1, name="speech", created_ms=20, updated_ms=50, version=2),
        experiment_row(3, name="Vision 2", created_ms=30, updated_ms=60, changed_ms=60, deleted=1,
                       tags=[("team", "it's"), ("a", "b")], aliases=[PROVISIONAL], version=2),
    )  # fmt: skip
    return empty


def search(service: QueryService, ctx: CallContext, **fields: object) -> list[str]:
    request = tracking.SearchExperimentsRequest(**fields)  # type: ignore[arg-type]
    found = service.search_experiments(request, ctx)
    return [experiment.experiment_id for experiment in found.experiments]


@pytest.mark.parametrize("asked", ["3", str(PROVISIONAL)])
def test_by_id_or_provisional_id(
    filled: Tables, service: QueryService, ctx: CallContext, asked: str
) -> None:
    found = service.get_experiment(tracking.GetExperimentRequest(experiment_id=asked), ctx)
    assert found.experiment_id == "3"
    assert found.name == "Vision 2"
    assert found.lifecycle_stage == "deleted"
    assert found.artifact_location == "mlflow-artifacts:/3"
    assert (found.creation_time, found.last_update_time) == (30, 60)
    assert [(tag.key, tag.value) for tag in found.tags] == [("a", "b"), ("team", "it's")]


def test_by_name(filled: Tables, service: QueryService, ctx: CallContext) -> None:
    request = tracking.GetExperimentByNameRequest(name="speech")
    assert service.get_experiment_by_name(request, ctx).experiment_id == "1"
    with pytest.raises(ServiceError, match="Could not find experiment with name 'old name'"):
        service.get_experiment_by_name(tracking.GetExperimentByNameRequest(name="old name"), ctx)


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ("99", "RESOURCE_DOES_NOT_EXIST"),
        ("x", "INVALID_PARAMETER_VALUE"),
        ("", "INVALID_PARAMETER_VALUE"),
        ("-1", "INVALID_PARAMETER_VALUE"),
        ("99999999999999999999", "INVALID_PARAMETER_VALUE"),
    ],
)
def test_by_id_refused(
    filled: Tables, service: QueryService, ctx: CallContext, asked: str, code: str
) -> None:
    with pytest.raises(ServiceError) as refused:
        service.get_experiment(tracking.GetExperimentRequest(experiment_id=asked), ctx)
    assert refused.value.error_code == code


@pytest.mark.parametrize(
    ("filter_string", "found"),
    [
        ("", ["1", "2", "0"]),
        ("name = 'vision'", ["2"]),
        ("name != 'vision'", ["1", "0"]),
        ("attribute.name LIKE '%e%'", ["1", "0"]),
        ("name ILIKE 'V%'", ["2"]),
        ("tags.team = 'a'", ["2"]),
        ("tags.team != 'b'", ["2"]),
        ("tag.team LIKE '%'", ["2"]),
        ("tags.team IS NULL", ["1", "0"]),
        ("tags.team IS NOT NULL", ["2"]),
        ("experiment_id = '1'", ["1"]),
        ("experiment_id != '1'", ["2", "0"]),
        ("experiment_id IN ('0', '2', '77')", ["2", "0"]),
        ("experiment_id NOT IN ('0', '2')", ["1"]),
        ("creation_time >= 20", ["1", "2"]),
        ("last_update_time < 50 AND creation_time != 10", ["2"]),
    ],
)
def test_filters(
    filled: Tables, service: QueryService, ctx: CallContext, filter_string: str, found: list[str]
) -> None:
    assert search(service, ctx, filter=filter_string) == found


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ([], ["3", "1", "2", "0"]),
        (["name"], ["0", "3", "1", "2"]),
        (["name DESC"], ["2", "1", "3", "0"]),
        (["creation_time ASC"], ["0", "2", "1", "3"]),
        (["attribute.creation_time desc", "experiment_id ASC"], ["3", "1", "2", "0"]),
        (["last_update_time"], ["0", "2", "1", "3"]),
    ],
)
def test_orders(
    filled: Tables, service: QueryService, ctx: CallContext, order: list[str], found: list[str]
) -> None:
    assert search(service, ctx, order_by=order, view_type=tracking.ALL) == found


def test_only_deleted_ones_and_pages(
    filled: Tables, service: QueryService, ctx: CallContext
) -> None:
    assert search(service, ctx, view_type=tracking.DELETED_ONLY) == ["3"]
    request = tracking.SearchExperimentsRequest(max_results=2, view_type=tracking.ALL)
    first = service.search_experiments(request, ctx)
    request.page_token = first.next_page_token
    second = service.search_experiments(request, ctx)
    found = [*first.experiments, *second.experiments]
    assert [experiment.experiment_id for experiment in found] == ["3", "1", "2", "0"]
    assert not second.next_page_token


def test_runs_are_found_by_a_provisional_id(
    filled: Tables, service: QueryService, ctx: CallContext
) -> None:
    filled.insert("runs", run_row(run_id(1), created=(1, 3, 5, "ann"), deleted=(99, 1, 0)))
    request = tracking.SearchRunsRequest(experiment_ids=[str(PROVISIONAL)])
    assert [run.info.run_id for run in service.search_runs(request, ctx).runs] == [run_id(1)]
    request = tracking.SearchRunsRequest(
        all_experiments=True, filter=f"artifact_uri = 'mlflow-artifacts:/3/{run_id(1)}/artifacts'"
    )
    assert len(service.search_runs(request, ctx).runs) == 1


def test_runs_of_a_moved_experiment_are_found_by_their_artifact_uri(
    empty: Tables, service: QueryService, ctx: CallContext
) -> None:
    empty.insert("experiments", experiment_row(4, artifact_location="s3://b/it's/"))
    empty.insert("runs", run_row(run_id(1), created=(1, 4, 5, "ann")))
    request = tracking.SearchRunsRequest(
        all_experiments=True,
        filter=f'artifact_uri = "s3://b/it\'s/{run_id(1)}/artifacts"',
        order_by=["artifact_uri"],
    )
    assert len(service.search_runs(request, ctx).runs) == 1
