"""Doors of a command line without a server behind them."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from runstream.cli.root import run
from runstream.cli.session import Session
from runstream.entities import (
    Experiment,
    FileInfo,
    LoggedModel,
    Metric,
    PagedList,
    Param,
    Run,
    RunData,
    RunInfo,
    RunTag,
    ViewType,
)
from runstream.error_codes import RESOURCE_ALREADY_EXISTS, RESOURCE_DOES_NOT_EXIST
from runstream.exceptions import MlflowException
from runstream.v1 import spool_pb2, tracking_pb2

if TYPE_CHECKING:
    from runstream.cli.calls import Calls
    from runstream.tracking import MlflowClient

STARTED_MS = 1_700_000_000_000


def new_run(run_id: str, metrics: dict[str, float], **params: str) -> Run:
    """A finished run of experiment 1."""
    info = RunInfo(
        run_id=run_id,
        experiment_id="1",
        user_id="ada",
        status="FINISHED",
        start_time=STARTED_MS,
        end_time=STARTED_MS + 2500,
        lifecycle_stage="active",
        artifact_uri=f"mlflow-artifacts:/1/{run_id}/artifacts",
        run_name=f"run-{run_id[:2]}",
    )
    data = RunData(
        metrics=[Metric(key, value, STARTED_MS, 3) for key, value in metrics.items()],
        params=[Param(key, value) for key, value in params.items()],
        tags=[RunTag("team", "red")],
    )
    return Run(info, data)


RUN_A = new_run("aa" + "0" * 28 + "01", {"loss": 0.25, "acc": 0.5}, lr="0.1", seed="7")
RUN_B = new_run("aa" + "0" * 28 + "02", {"loss": float("nan")}, lr="0.2", seed="7")


@dataclass
class FakeClient:
    """Experiments and runs in memory; `did` lists the changes, `asked` the searches."""

    experiments: dict[str, Experiment] = field(
        default_factory=lambda: {
            "0": Experiment("0", "Default", creation_time=STARTED_MS),
            "1": Experiment("1", "digits", "mlflow-artifacts:/1", tags={"team": "red"}),
        }
    )
    runs: list[Run] = field(default_factory=lambda: [RUN_A, RUN_B])
    models: list[LoggedModel] = field(default_factory=list)
    points: list[Metric] = field(default_factory=list)
    files: list[FileInfo] = field(default_factory=list)
    did: list[tuple[Any, ...]] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def get_experiment(self, experiment_id: str) -> Experiment:
        if experiment_id not in self.experiments:
            raise MlflowException(f"No experiment {experiment_id}", RESOURCE_DOES_NOT_EXIST)
        return self.experiments[experiment_id]

    def get_experiment_by_name(self, name: str) -> Experiment | None:
        return next((e for e in self.experiments.values() if e.name == name), None)

    def search_experiments(
        self, view_type: int = ViewType.ACTIVE_ONLY, page_token: str | None = None, **search: Any
    ) -> PagedList[Experiment]:
        """One a page, so that paging is seen."""
        self.asked.append(search)
        found = list(self.experiments.values())
        here = int(page_token or 0)
        more = str(here + 1) if here + 1 < len(found) else None
        if search["max_results"] > len(found) and search.keys() == {"max_results"}:
            return PagedList(found[here : here + 1], more)
        return PagedList(found, None)

    def create_experiment(self, name: str, artifact_location: str | None = None) -> str:
        if self.get_experiment_by_name(name):
            raise MlflowException(f"Experiment {name!r} already exists.", RESOURCE_ALREADY_EXISTS)
        experiment = Experiment(str(len(self.experiments)), name, artifact_location or "")
        self.experiments[experiment.experiment_id] = experiment
        return experiment.experiment_id

    def rename_experiment(self, experiment_id: str, new_name: str) -> None:
        self.experiments[experiment_id] = replace(self.experiments[experiment_id], name=new_name)

    def delete_experiment(self, experiment_id: str) -> None:
        self.did.append(("delete_experiment", experiment_id))

    def restore_experiment(self, experiment_id: str) -> None:
        self.did.append(("restore_experiment", experiment_id))

    def search_runs(
        self, experiment_ids: list[str], filter_string: str = "", **search: Any
    ) -> PagedList[Run]:
        self.asked.append({"ids": experiment_ids, "filter": filter_string, **search})
        found = self.runs
        if " LIKE " in filter_string:
            pattern = filter_string.split("'")[1]
            found = [run for run in found if _like(run.info.run_id, pattern)]
        return PagedList(found[: search["max_results"]], None)

    def get_run(self, run_id: str) -> Run:
        for run_ in self.runs:
            if run_.info.run_id == run_id:
                return run_
        raise MlflowException(f"Run '{run_id}' not found", RESOURCE_DOES_NOT_EXIST)

    def delete_run(self, run_id: str) -> None:
        self.did.append(("delete_run", run_id))

    def restore_run(self, run_id: str) -> None:
        self.did.append(("restore_run", run_id))

    def get_logged_model(self, model_id: str) -> LoggedModel:
        return next(model for model in self.models if model.model_id == model_id)

    def search_logged_models(
        self, experiment_ids: list[str], filter_string: str | None = None, **search: Any
    ) -> PagedList[LoggedModel]:
        self.asked.append({"ids": experiment_ids, "filter": filter_string, **search})
        return PagedList(self.models, None)

    def get_metric_history(self, run_id: str, key: str) -> list[Metric]:
        return [point for point in self.points if point.key == key]

    def list_artifacts(self, run_id: str, path: str | None = None) -> list[FileInfo]:
        return [file for file in self.files if file.path.startswith(path or "")]

    def download_artifacts(self, run_id: str, path: str, dst_path: str | None = None) -> str:
        self.did.append(("download", run_id, path))
        return f"{dst_path or '/tmp/new'}/{path}"

    def log_artifact(self, run_id: str, local: str, artifact_path: str | None = None) -> None:
        self.did.append(("log_artifact", run_id, artifact_path))

    def log_artifacts(self, run_id: str, local: str, artifact_path: str | None = None) -> None:
        self.did.append(("log_artifacts", run_id, artifact_path))


def _like(text: str, pattern: str) -> bool:
    part = pattern.strip("%")
    return text.startswith(part) if pattern.endswith("%") else text.endswith(part)


@dataclass
class FakeCalls:
    """The agent's answers."""

    report: tracking_pb2.VerifyRunResponse = field(default_factory=tracking_pb2.VerifyRunResponse)
    status: spool_pb2.AgentStatus = field(default_factory=spool_pb2.AgentStatus)
    refused: list[str] = field(default_factory=list)
    flushes: int = 0

    def verify_run(self, run_id: str) -> tracking_pb2.VerifyRunResponse:
        self.report.run_id = run_id
        return self.report

    def agent_status(self) -> spool_pb2.AgentStatus:
        return self.status

    def drain(self, timeout_seconds: float) -> list[str]:
        return self.refused

    def flush(self) -> None:
        self.flushes += 1


@dataclass
class CommandLine:
    """Runs command lines against the fakes, and reads what they print."""

    capture: pytest.CaptureFixture[str]
    client: FakeClient = field(default_factory=FakeClient)
    calls: FakeCalls = field(default_factory=FakeCalls)

    def session(self) -> Session:
        return Session(client=cast("MlflowClient", self.client), calls=cast("Calls", self.calls))

    def __call__(self, line: str, code: int = 0) -> str:
        """The standard output of a line that exits with `code`; of a failed one, also stderr."""
        assert run(shlex.split(line), self.session()) == code
        printed = self.capture.readouterr()
        return printed.out + printed.err if code else printed.out
