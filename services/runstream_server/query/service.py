"""The query service: every call of Query in the protocol."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from runstream.v1 import tracking_pb2 as tracking
from runstream_server.query import (
    artifacts,
    chart,
    datasets,
    experiment_search,
    experiments,
    history,
    model_search,
    models,
    runs,
    search,
    verify,
)
from runstream_server.query.offsets import Partition, position_of, read_applied
from runstream_server.query.positions import Waiter
from runstream_server.query.tracker import Tracker
from runstream_server.service import CallContext
from runstream_server.store.engine import Store


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class QueryOptions:
    """What the service has to be told about its deployment.

    log_id: names the log that the tables were made from.
    partitions: how many the events log has.
    http_address: where relative ticket URLs go; a callable, for the port may
        be known only once the server listens.
    end_offsets: per (log, partition) the offset of the next append, now.
    now_ms: Unix time in ms.
    staleness_seconds: how long one look at the state of the tables serves.
    """

    log_id: str
    partitions: int
    http_address: Callable[[], str]
    end_offsets: Callable[[], dict[tuple[str, int], int]]
    version: str
    now_ms: Callable[[], int] = _now_ms
    staleness_seconds: float = 0.0


class QueryService:
    """Implements `runstream_server.service.QueryApi`. Called from many threads."""

    def __init__(self, store: Store, options: QueryOptions) -> None:
        self._options = options
        self._waiter = Waiter(Tracker(store, options.staleness_seconds), options.log_id)

    def close(self) -> None:
        """Ends the calls that wait for a position. Idempotent."""
        self._waiter.close()

    def get_run(self, request: tracking.GetRunRequest, ctx: CallContext) -> tracking.Run:
        view = self._waiter.view(ctx)
        return runs.read_run(view, request.run_id, self._options.now_ms())

    def search_runs(
        self, request: tracking.SearchRunsRequest, ctx: CallContext
    ) -> tracking.SearchRunsResponse:
        return search.search_runs(self._waiter.view(ctx), request, self._options.now_ms())

    def get_metric_history(
        self, request: tracking.GetMetricHistoryRequest, ctx: CallContext
    ) -> tracking.MetricHistory:
        return history.read_history(self._waiter.view(ctx), request)

    def get_chart(self, request: tracking.GetChartRequest, ctx: CallContext) -> tracking.Chart:
        return chart.read_chart(self._waiter.view(ctx), request)

    def get_experiment(
        self, request: tracking.GetExperimentRequest, ctx: CallContext
    ) -> tracking.Experiment:
        return experiments.read_experiment(self._waiter.view(ctx), request.experiment_id)

    def get_experiment_by_name(
        self, request: tracking.GetExperimentByNameRequest, ctx: CallContext
    ) -> tracking.Experiment:
        return experiments.read_experiment_by_name(self._waiter.view(ctx), request.name)

    def search_experiments(
        self, request: tracking.SearchExperimentsRequest, ctx: CallContext
    ) -> tracking.SearchExperimentsResponse:
        return experiment_search.search_experiments(self._waiter.view(ctx), request)

    def get_logged_model(
        self, request: tracking.GetLoggedModelRequest, ctx: CallContext
    ) -> tracking.LoggedModel:
        view = self._waiter.view(ctx)
        return models.read_model(view, request.model_id, allow_deleted=request.allow_deleted)

    def search_logged_models(
        self, request: tracking.SearchLoggedModelsRequest, ctx: CallContext
    ) -> tracking.SearchLoggedModelsResponse:
        return model_search.search_models(self._waiter.view(ctx), request)

    def search_datasets(
        self, request: tracking.SearchDatasetsRequest, ctx: CallContext
    ) -> tracking.SearchDatasetsResponse:
        return datasets.search_datasets(self._waiter.view(ctx), request)

    def list_artifacts(
        self, request: tracking.ListArtifactsRequest, ctx: CallContext
    ) -> tracking.ListArtifactsResponse:
        return artifacts.list_artifacts(self._waiter.view(ctx), request)

    def verify_run(
        self, request: tracking.VerifyRunRequest, ctx: CallContext
    ) -> tracking.VerifyRunResponse:
        return verify.verify_run(self._waiter.view(ctx), request.run_id)

    def wait_for_position(
        self, request: tracking.WaitForPositionRequest, ctx: CallContext
    ) -> tracking.WaitForPositionResponse:
        view = self._waiter.view(ctx)
        return tracking.WaitForPositionResponse(
            applied=position_of(self._options.log_id, read_applied(view))
        )

    def get_server_info(
        self, request: tracking.GetServerInfoRequest, ctx: CallContext
    ) -> tracking.ServerInfo:
        """Answers also when the tables are behind; waits only for a position brought."""
        options = self._options
        view = self._waiter.view(ctx)
        end = {Partition(*part): offset for part, offset in options.end_offsets().items()}
        return tracking.ServerInfo(
            product="runstream",
            version=options.version,
            log_id=options.log_id,
            partitions=options.partitions,
            http_address=options.http_address(),
            end=position_of(options.log_id, end),
            applied=position_of(options.log_id, read_applied(view)),
        )
