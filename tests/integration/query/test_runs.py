"""One run by id: what counts, what is hidden, what is deleted."""

from __future__ import annotations

import pytest

from runstream.v1 import events_pb2 as events
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.errors import ServiceError
from runstream_server.query.service import QueryService
from runstream_server.service import CallContext
from tests.integration.query.tables import (
    NOW_MS,
    Tables,
    experiment_row,
    latest_row,
    param_row,
    run_id,
    run_row,
)

RUN = run_id(1)
CREATED = (100, 3, 1000, "ann")


def get(service: QueryService, ctx: CallContext, run: str = RUN) -> tracking.Run:
    return service.get_run(tracking.GetRunRequest(run_id=run), ctx)


def test_attributes_come_from_the_rows_that_count(
    empty: Tables, service: QueryService, ctx: CallContext
) -> None:
    empty.insert("runs", run_row(RUN, created=(200, 9, 5, "late"), name=(200, "old")))
    empty.insert("runs", run_row(RUN, created=CREATED, status=(7, 1, 3), name=(300, "new")))
    empty.insert("runs", run_row(RUN, status=(5, 900, 4), end_time=(7, 2, 4000), heartbeat=9000))
    info = get(service, ctx).info
    assert info == tracking.RunInfo(
        run_id=RUN,
        run_name="new",
        experiment_id="3",
        user_id="ann",
        status=events.FINISHED,
        start_time=1000,
        end_time=4000,
        artifact_uri=f"mlflow-artifacts:/3/{RUN}/artifacts",
        lifecycle_stage="active",
    )


def test_a_run_that_never_ended_has_no_end_time(
    empty: Tables, service: QueryService, ctx: CallContext
) -> None:
    empty.insert("runs", run_row(RUN, created=CREATED))
    info = get(service, ctx).info
    assert not info.HasField("end_time")
    assert info.status == events.RUNNING


def test_data_comes_from_the_rows_that_count(
    empty: Tables, service: QueryService, ctx: CallContext
) -> None:
    empty.insert("runs", run_row(RUN, created=CREATED))
    empty.insert("latest", latest_row(RUN, "loss", "rank=0", 5, 10, 1.0))
    empty.insert("latest", latest_row(RUN, "loss", "rank=1", 5, 11, -2.0))
    empty.insert("latest", latest_row(RUN, "loss", "rank=1", 4, 99, 3.0))
    empty.insert("params", param_row(RUN, "lr", 20, "0.2"), param_row(RUN, "seed", 5, "1"))
    empty.insert("params", param_row(RUN, "lr", 10, "0.1"), param_row(RUN, "seed", 5, "1"))
    empty.insert("tags", (RUN, "a", "old", 1, 0), (RUN, "b", "x", 1, 0), (RUN, "c", "x", 1, 0))
    empty.insert("tags", (RUN, "a", "new", 2, 0), (RUN, "b", "", 2, 1), (RUN, "c", "", 2, 1))
    empty.insert("tags", (RUN, "c", "again", 3, 0))
    data = get(service, ctx).data
    assert list(data.metrics) == [
        tracking.Metric(key="loss", value=-2.0, timestamp=11, step=5, source="rank=1")
    ]
    assert {param.key: param.value for param in data.params} == {"lr": "0.1", "seed": "1"}
    assert list(data.param_conflicts) == ["lr"]
    assert {tag.key: tag.value for tag in data.tags} == {"a": "new", "c": "again"}


@pytest.mark.parametrize(
    ("other", "kept"), [(5.0, 5.0), (-5.0, float("nan"))], ids=["nan-loses", "nan-wins"]
)
def test_nan_counts_as_zero_for_the_latest_value(
    empty: Tables, service: QueryService, ctx: CallContext, other: float, kept: float
) -> None:
    empty.insert("runs", run_row(RUN, created=CREATED))
    empty.insert("latest", latest_row(RUN, "m", "a", 1, 1, float("nan")))
    empty.insert("latest", latest_row(RUN, "m", "b", 1, 1, other))
    (metric,) = get(service, ctx).data.metrics
    assert repr(metric.value) == repr(kept)


@pytest.mark.parametrize(
    ("own", "experiments", "stage"),
    [
        ((0, 0, 0), (0, 0), "active"),
        ((500, 9, 1), (0, 0), "deleted"),
        ((500, 9, 1), (600, 0), "active"),
        ((500, 9, 0), (600, 1), "deleted"),
        ((700, 9, 0), (600, 1), "active"),
        ((700, 9, 1), (600, 0), "deleted"),
        ((0, 0, 0), (600, 1), "deleted"),
    ],
)
def test_the_later_of_run_and_experiment_says_whether_it_is_deleted(
    empty: Tables,
    service: QueryService,
    ctx: CallContext,
    own: tuple[int, int, int],
    experiments: tuple[int, int],
    stage: str,
) -> None:
    changed, deleted = experiments
    empty.insert("experiments", experiment_row(3, deleted=1 - deleted, version=1))
    empty.insert("experiments", experiment_row(3, changed_ms=changed, deleted=deleted, version=2))
    empty.insert("runs", run_row(RUN, created=CREATED, deleted=own))
    if own[0]:
        empty.insert("runs", run_row(RUN, deleted=(1, 1, 1 - own[2])))
    assert get(service, ctx).info.lifecycle_stage == stage
    views: list[tracking.ViewType] = [tracking.ACTIVE_ONLY, tracking.DELETED_ONLY]
    if stage == "deleted":
        views.reverse()
    for chosen, count in ((views[0], 1), (views[1], 0), (tracking.ALL, 1)):
        found = service.search_runs(
            tracking.SearchRunsRequest(all_experiments=True, view_type=chosen), ctx
        )
        assert len(found.runs) == count


def test_an_experiment_elsewhere_moves_the_artifacts(
    empty: Tables, service: QueryService, ctx: CallContext
) -> None:
    empty.insert("experiments", experiment_row(3, artifact_location="s3://bucket/x/"))
    empty.insert("runs", run_row(RUN, created=CREATED))
    assert get(service, ctx).info.artifact_uri == f"s3://bucket/x/{RUN}/artifacts"


@pytest.mark.parametrize("run", ["", "x", "g" * 32, run_id(2), "A" * 32, "'; DROP TABLE runs"])
def test_a_run_that_is_not_there(
    empty: Tables, service: QueryService, ctx: CallContext, run: str
) -> None:
    with pytest.raises(ServiceError, match="not found") as refused:
        get(service, ctx, run)
    assert refused.value.error_code == "RESOURCE_DOES_NOT_EXIST"


def test_runs_without_creation_and_purged_runs_are_hidden(
    empty: Tables, service: QueryService, ctx: CallContext
) -> None:
    empty.insert("runs", run_row(run_id(1), status=(1, 1, 3)))
    empty.insert("runs", run_row(run_id(2), created=CREATED), run_row(run_id(3), created=CREATED))
    empty.insert("runs", run_row(run_id(2), purged=1))
    empty.insert("tombstones", (run_id(3),))
    for number in (1, 2, 3):
        with pytest.raises(ServiceError, match="not found"):
            get(service, ctx, run_id(number))
    search = tracking.SearchRunsRequest(all_experiments=True, view_type=tracking.ALL)
    assert not service.search_runs(search, ctx).runs


@pytest.mark.parametrize(
    ("status", "silent_ms", "lost"),
    [(1, 300_001, True), (1, 300_000, False), (3, 10**9, False), (0, 300_001, True)],
)
def test_a_silent_run_is_lost(
    empty: Tables, service: QueryService, ctx: CallContext, status: int, silent_ms: int, lost: bool
) -> None:
    heard = NOW_MS - silent_ms
    empty.insert("runs", run_row(RUN, created=CREATED, status=(1, 1, status), heartbeat=heard))
    empty.insert("runs", run_row(RUN, heartbeat=heard - 5))
    assert get(service, ctx).info.lost_since == (heard if lost else 0)
