"""The service interface: what gRPC, HTTP and the embedded process call.

Services are plain objects. A method takes a request message and a
`CallContext` and returns the response message, or raises `ServiceError`.
Methods block, and are called from many threads at once. No service imports
another one: whoever wires a process hands them out under these protocols.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Protocol

from runstream.v1 import artifacts_pb2 as artifacts
from runstream.v1 import ingest_pb2 as ingest
from runstream.v1 import tracking_pb2 as tracking


@dataclass(frozen=True)
class CallContext:
    """What a call brings besides its request.

    position: the answer must include everything before it; None: nothing asked.
    deadline: when the caller gives up, in seconds of `time.monotonic()`.
    caller: whose token it came with; empty: the doors ask for none.
    authorization: the credentials themselves, for a process that passes the call on.
    """

    position: tracking.Position | None
    deadline: float
    caller: str = ""
    authorization: str = field(default="", repr=False)

    def remaining_seconds(self) -> float:
        """How long the caller still waits; 0.0 when it has given up."""
        return max(0.0, self.deadline - time.monotonic())


class IngestApi(Protocol):
    """Writing. Everything a method returned for is durable in the log.

    Raises ServiceError: nothing of the request was stored; RESOURCE_EXHAUSTED
    and TEMPORARILY_UNAVAILABLE may be tried again byte for byte.
    """

    def append(self, request_bytes: bytes, ctx: CallContext) -> ingest.AppendResponse: ...

    def create_experiment(
        self, request: ingest.CreateExperimentRequest, ctx: CallContext
    ) -> ingest.ExperimentResponse: ...

    def ensure_experiment(
        self, request: ingest.EnsureExperimentRequest, ctx: CallContext
    ) -> ingest.ExperimentResponse: ...

    def rename_experiment(
        self, request: ingest.RenameExperimentRequest, ctx: CallContext
    ) -> ingest.ExperimentResponse: ...

    def delete_experiment(
        self, request: ingest.ExperimentIdRequest, ctx: CallContext
    ) -> ingest.ExperimentResponse: ...

    def restore_experiment(
        self, request: ingest.ExperimentIdRequest, ctx: CallContext
    ) -> ingest.ExperimentResponse: ...

    def tag_experiment(
        self, request: ingest.TagExperimentRequest, ctx: CallContext
    ) -> ingest.ExperimentResponse: ...


class QueryApi(Protocol):
    """Reading. Waits for `ctx.position`, at most until `ctx.deadline`.

    Raises ServiceError: TEMPORARILY_UNAVAILABLE names how far behind the views
    are.
    """

    def get_server_info(
        self, request: tracking.GetServerInfoRequest, ctx: CallContext
    ) -> tracking.ServerInfo: ...

    def get_run(self, request: tracking.GetRunRequest, ctx: CallContext) -> tracking.Run: ...

    def search_runs(
        self, request: tracking.SearchRunsRequest, ctx: CallContext
    ) -> tracking.SearchRunsResponse: ...

    def get_metric_history(
        self, request: tracking.GetMetricHistoryRequest, ctx: CallContext
    ) -> tracking.MetricHistory: ...

    def get_chart(self, request: tracking.GetChartRequest, ctx: CallContext) -> tracking.Chart: ...

    def get_experiment(
        self, request: tracking.GetExperimentRequest, ctx: CallContext
    ) -> tracking.Experiment: ...

    def get_experiment_by_name(
        self, request: tracking.GetExperimentByNameRequest, ctx: CallContext
    ) -> tracking.Experiment: ...

    def search_experiments(
        self, request: tracking.SearchExperimentsRequest, ctx: CallContext
    ) -> tracking.SearchExperimentsResponse: ...

    def get_logged_model(
        self, request: tracking.GetLoggedModelRequest, ctx: CallContext
    ) -> tracking.LoggedModel: ...

    def search_logged_models(
        self, request: tracking.SearchLoggedModelsRequest, ctx: CallContext
    ) -> tracking.SearchLoggedModelsResponse: ...

    def search_datasets(
        self, request: tracking.SearchDatasetsRequest, ctx: CallContext
    ) -> tracking.SearchDatasetsResponse: ...

    def list_artifacts(
        self, request: tracking.ListArtifactsRequest, ctx: CallContext
    ) -> tracking.ListArtifactsResponse: ...

    def verify_run(
        self, request: tracking.VerifyRunRequest, ctx: CallContext
    ) -> tracking.VerifyRunResponse: ...

    def wait_for_position(
        self, request: tracking.WaitForPositionRequest, ctx: CallContext
    ) -> tracking.WaitForPositionResponse: ...


class ArtifactsApi(Protocol):
    """Tickets for artifact bytes; the bytes themselves never pass here."""

    def create_upload(
        self, request: artifacts.CreateUploadRequest, ctx: CallContext
    ) -> artifacts.Ticket: ...

    def create_download(
        self, request: artifacts.CreateDownloadRequest, ctx: CallContext
    ) -> artifacts.Ticket: ...

    def create_parts(
        self, request: artifacts.CreatePartsRequest, ctx: CallContext
    ) -> artifacts.PartTickets: ...

    def complete_upload(
        self, request: artifacts.CompleteUploadRequest, ctx: CallContext
    ) -> artifacts.Ticket: ...
