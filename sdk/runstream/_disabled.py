"""RUNSTREAM_MODE=disabled: nothing is written, nobody is asked, nothing fails for it.

For the unit tests of training code. Arguments are still checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from runstream._ids import provisional_experiment_id
from runstream._limits import SHOWN_VALUE_CHARACTERS
from runstream._messages import ingest_pb2, spool_pb2, tracking_pb2
from runstream.error_codes import RESOURCE_DOES_NOT_EXIST, STATUS

if TYPE_CHECKING:
    from runstream._agent_calls import OnProgress


class DisabledPoints:
    """Takes points and forgets them."""

    # No key has a cell here, so that nobody writes one.
    words: Mapping[str, int] = {}

    def log_metric(self, key: str, value: float, step: int, timestamp_ms: int) -> None: ...

    def log_metrics(self, metrics: dict[str, float], step: int, timestamp_ms: int) -> None: ...

    def index_of(
        self, key: str, model_id: str = "", dataset_name: str = "", dataset_digest: str = ""
    ) -> int:
        return 0

    def log_columns(self, key: str, of: object, columns: object) -> None: ...

    def log_series(self, series_index: int, value: float, step: int, timestamp_ms: int) -> None: ...


class DisabledSpool:
    """Takes events and forgets them."""

    producer_id = bytes(16)

    def define_run(self, run: spool_pb2.RunDefinition) -> int:
        return 0

    def append_event(self, run_index: int, event: bytes) -> None: ...

    def append_artifact(self, artifact: spool_pb2.SpooledArtifact) -> None: ...

    def close_run(self, run_index: int) -> None: ...

    def close(self) -> None: ...

    def blob_folder(self) -> Path:
        raise NotImplementedError("nothing is stored in mode disabled")


class DisabledAgent:
    """Answers as a server without data does; a new experiment gets an id from its name."""

    def call(
        self,
        request: spool_pb2.AgentRequest,
        timeout: float,
        on_progress: OnProgress | None = None,
    ) -> spool_pb2.AgentResponse:
        method = request.call.method.rpartition("/")[2]
        content = request.call.request
        if method in {"CreateExperiment", "EnsureExperiment"}:
            name = ingest_pb2.EnsureExperimentRequest()
            if method == "CreateExperiment":
                name.name = ingest_pb2.CreateExperimentRequest.FromString(content).name
            else:
                name.ParseFromString(content)
            return _answer(_experiment(name.name))
        if method.startswith("Get") and method != "GetMetricHistory":
            return _nothing(method, content)
        return spool_pb2.AgentResponse()


def _experiment(name: str) -> ingest_pb2.ExperimentResponse:
    experiment = tracking_pb2.Experiment(
        experiment_id=provisional_experiment_id(name), name=name, lifecycle_stage="active"
    )
    return ingest_pb2.ExperimentResponse(experiment=experiment)


def _answer(message: ingest_pb2.ExperimentResponse) -> spool_pb2.AgentResponse:
    return spool_pb2.AgentResponse(response=message.SerializeToString())


def _nothing(method: str, content: bytes) -> spool_pb2.AgentResponse:
    asked = content.decode(errors="replace")[:SHOWN_VALUE_CHARACTERS].strip()
    return spool_pb2.AgentResponse(
        code=STATUS[RESOURCE_DOES_NOT_EXIST].grpc,
        error_code=RESOURCE_DOES_NOT_EXIST,
        message=f"RUNSTREAM_MODE is disabled: {method} finds nothing ({asked!r}).",
    )
