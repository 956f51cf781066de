"""The history of one metric of one run, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runstream.error_codes import INVALID_PARAMETER_VALUE
from runstream.v1 import events_pb2 as events
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.errors import ErrorPlace, ServiceError
from runstream_server.query.page_tokens import read_page_size, read_token_fields, write_page_token
from runstream_server.query.runs import is_run_id
from runstream_server.query.sql import Parameters
from runstream_server.query.view import View

# A point takes 32 bytes, a message at most 8 MB.
POINTS_PER_PAGE_MAX = 200_000

_POINT = np.dtype(
    [
        ("step", "<i8"),
        ("timestamp", "<i8"),
        ("value", "<f8"),
        ("source", "<u4"),
        ("series", "<u4"),
    ]
)


@dataclass(frozen=True)
class Page:
    """Where a page of the history begins.

    offset: points before it. timestamp, skip: the same place, found without
    going through those: the first time of the page, and how many of the points
    at that time belong to pages before.
    """

    offset: int
    timestamp: int
    skip: int

    def after(self, timestamps: NDArray[np.int64]) -> Page:
        """The page after one with these timestamps, of which there is at least one."""
        last = int(timestamps[-1])
        at_last = int(np.count_nonzero(timestamps == last))
        skip = self.skip + at_last if last == self.timestamp else at_last
        return Page(self.offset + len(timestamps), last, skip)


_PAGE_FIELDS = ("offset", "timestamp", "skip")


def read_history(view: View, request: tracking.GetMetricHistoryRequest) -> tracking.MetricHistory:
    """One page in the order timestamp, step, value; empty for what is not there."""
    check_metric(request.run_id, request.key)
    limit = min(
        read_page_size(request.max_results, POINTS_PER_PAGE_MAX, 2**31 - 1), POINTS_PER_PAGE_MAX
    )
    page = Page(*read_token_fields(request.page_token, _PAGE_FIELDS))
    sources, series = _names(view, request)
    if not sources:
        return tracking.MetricHistory()
    found = _points(view, request, (sources, series), page, limit + 1)
    points = found[:limit]
    history = _message(points, sources, series, request.key)
    if len(found) > limit:
        following = page.after(points["timestamp"])
        history.next_page_token = write_page_token(
            following.offset, timestamp=following.timestamp, skip=following.skip
        )
    return history


def check_metric(run_id: str, key: str) -> None:
    """Raises ServiceError for a request that names no metric of a run."""
    for name, value in (("run_id", run_id), ("key", key)):
        if not value:
            raise ServiceError(
                INVALID_PARAMETER_VALUE,
                f"Missing value for required parameter '{name}'",
                ErrorPlace(field=name),
            )


def series_condition(
    request: tracking.GetMetricHistoryRequest | tracking.GetChartRequest, parameters: Parameters
) -> str:
    """The points that a request means. A malformed run id means none."""
    if not is_run_id(request.run_id):
        return "0"
    condition = (
        f"run_id = {parameters.run(request.run_id)} AND key = {parameters.text(request.key)}"
    )
    if request.HasField("source"):
        condition += f" AND source = {parameters.text(request.source)}"
    return condition


_Names = Sequence[tuple[str, ...]]


def _names(view: View, request: tracking.GetMetricHistoryRequest) -> tuple[list[str], _Names]:
    """The sources and the (model, dataset) names that occur, each sorted."""
    parameters = Parameters()
    rows = view.rows(
        "SELECT toString(source), toString(model_id), toString(dataset_name), "
        f"toString(dataset_digest) FROM {view.table('points')} "
        f"WHERE {series_condition(request, parameters)} "
        "GROUP BY source, model_id, dataset_name, dataset_digest",
        parameters.values,
    )
    return sorted({row[0] for row in rows}), sorted({row[1:] for row in rows})


def _points(
    view: View,
    request: tracking.GetMetricHistoryRequest,
    names: tuple[list[str], _Names],
    page: Page,
    limit: int,
) -> NDArray[np.void]:
    sources, series = names
    parameters = Parameters()
    source_index = f"indexOf({parameters.texts(sources)}, source) - 1"
    columns = [parameters.texts([name[i] for name in series]) for i in range(3)]
    series_index = (
        f"indexOf(arrayZip({', '.join(columns)}), "
        "(toString(model_id), toString(dataset_name), toString(dataset_digest))) - 1"
    )
    since = f"AND timestamp >= {parameters.integer(page.timestamp)}" if page.offset else ""
    return view.packed(
        "SELECT step, timestamp, value, "
        f"toUInt32({source_index if len(sources) > 1 else '0'}), "
        f"toUInt32({series_index if len(series) > 1 else '0'}) "
        f"FROM {view.table('points')} FINAL "
        f"WHERE {series_condition(request, parameters)} {since} "
        "ORDER BY timestamp, step, value, source "
        f"LIMIT {parameters.integer(limit)} OFFSET {parameters.integer(page.skip)}",
        _POINT,
        parameters.values,
    )


def _message(
    points: NDArray[np.void], sources: Sequence[str], series: _Names, key: str
) -> tracking.MetricHistory:
    return tracking.MetricHistory(
        step=points["step"].tobytes(),
        timestamp=points["timestamp"].tobytes(),
        value=points["value"].tobytes(),
        sources=sources,
        source_index=points["source"].tobytes(),
        series=[
            events.Series(key=key, model_id=model_id, dataset_name=dataset, dataset_digest=digest)
            for model_id, dataset, digest in series
        ],
        series_index=points["series"].tobytes(),
    )
