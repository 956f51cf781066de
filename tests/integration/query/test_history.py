"""Metric histories: order, pages, sources, points that were stored twice."""

from __future__ import annotations

import numpy as np
import pytest

from runstream.v1 import tracking_pb2 as tracking
from runstream_server.errors import ServiceError
from runstream_server.query.service import QueryService
from runstream_server.service import CallContext
from tests.integration.query.tables import Tables, run_id

RUN = run_id(5)
Point = tuple[int, int, float, str, str]


def decode(history: tracking.MetricHistory) -> list[Point]:
    """(timestamp, step, value, source, model) per point."""
    sources = [history.sources[i] for i in np.frombuffer(history.source_index, "<u4")]
    models = [history.series[i].model_id for i in np.frombuffer(history.series_index, "<u4")]
    columns = (
        np.frombuffer(history.timestamp, "<i8").tolist(),
        np.frombuffer(history.step, "<i8").tolist(),
        np.frombuffer(history.value, "<f8").tolist(),
    )
    return list(zip(*columns, sources, models, strict=True))


def test_order_duplicates_and_sources(
    empty: Tables, service: QueryService, ctx: CallContext
) -> None:
    points = [
        (RUN, "loss", "rank=1", 5, 10, 0.5),
        (RUN, "loss", "", -3, 10, 2.0),
        (RUN, "loss", "", -3, 10, float("nan")),
        (RUN, "loss", "", -3, 10, float("-inf")),
        (RUN, "loss", "", 9, 1, 1.0),
    ]
    empty.insert("points", *((*point, "m-1", "", "") for point in points))
    empty.insert("points", *((*point, "m-1", "", "") for point in points[::-1]))
    empty.insert("points", (RUN, "loss", "", 0, 99, 0.0, "", "d", "1"))
    empty.insert("points", (RUN, "other", "", 0, 99, 0.0, "", "", ""))
    history = service.get_metric_history(
        tracking.GetMetricHistoryRequest(run_id=RUN, key="loss"), ctx
    )
    assert repr(decode(history)) == repr(
        [
            (1, 9, 1.0, "", "m-1"),
            (10, -3, float("-inf"), "", "m-1"),
            (10, -3, 2.0, "", "m-1"),
            (10, -3, float("nan"), "", "m-1"),
            (10, 5, 0.5, "rank=1", "m-1"),
            (99, 0, 0.0, "", ""),
        ]
    )
    (series,) = {
        (s.key, s.dataset_name, s.dataset_digest) for s in history.series if s.dataset_name
    }
    assert series == ("loss", "d", "1")
    one = service.get_metric_history(
        tracking.GetMetricHistoryRequest(run_id=RUN, key="loss", source="rank=1"), ctx
    )
    assert decode(one) == [(10, 5, 0.5, "rank=1", "m-1")]


@pytest.mark.parametrize("size", [1, 3, 7, 20, 21])
def test_pages_laid_end_to_end_are_the_whole(
    empty: Tables, service: QueryService, ctx: CallContext, size: int
) -> None:
    points = [(RUN, "m", "", step, step // 5, float(step)) for step in range(20)]
    empty.spread("points", [(*point, "", "", "") for point in points])
    request = tracking.GetMetricHistoryRequest(run_id=RUN, key="m", max_results=size)
    steps: list[int] = []
    for _ in range(-(-20 // size)):
        page = service.get_metric_history(request, ctx)
        steps += np.frombuffer(page.step, "<i8").tolist()
        request.page_token = page.next_page_token
    assert not request.page_token
    assert steps == list(range(20))


@pytest.mark.parametrize("run", [RUN, "not a run id"])
def test_what_is_not_there_is_empty(
    empty: Tables, service: QueryService, ctx: CallContext, run: str
) -> None:
    request = tracking.GetMetricHistoryRequest(run_id=run, key="loss")
    assert service.get_metric_history(request, ctx) == tracking.MetricHistory()


@pytest.mark.parametrize(
    "fields",
    [
        {"run_id": RUN},
        {"key": "loss"},
        {"run_id": RUN, "key": "loss", "max_results": -1},
        {"run_id": RUN, "key": "loss", "page_token": "x"},
        {"run_id": RUN, "key": "loss", "page_token": "eyJvZmZzZXQiOiAxfQ=="},
    ],
)
def test_refused(
    empty: Tables, service: QueryService, ctx: CallContext, fields: dict[str, str]
) -> None:
    with pytest.raises(ServiceError) as refused:
        service.get_metric_history(
            tracking.GetMetricHistoryRequest(**fields),  # type: ignore[arg-type]
            ctx,
        )
    assert refused.value.error_code == "INVALID_PARAMETER_VALUE"
