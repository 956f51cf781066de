"""Entities: what reads return, with MLflow's names."""

from runstream.entities._base import PagedList
from runstream.entities._dataset import (
    Dataset,
    DatasetInput,
    DatasetSummary,
    InputTag,
    LoggedModelInput,
    LoggedModelOutput,
    RunInputs,
    RunOutputs,
)
from runstream.entities._enums import LifecycleStage, RunStatus, SourceType, ViewType
from runstream.entities._experiment import Experiment, ExperimentTag
from runstream.entities._file_info import FileInfo
from runstream.entities._logged_model import (
    LoggedModel,
    LoggedModelParameter,
    LoggedModelStatus,
    LoggedModelTag,
)
from runstream.entities._metric import Metric, Param, RunTag
from runstream.entities._position import Position
from runstream.entities._run import Run, RunData, RunInfo

__all__ = [
    "Dataset",
    "DatasetInput",
    "DatasetSummary",
    "Experiment",
    "ExperimentTag",
    "FileInfo",
    "InputTag",
    "LifecycleStage",
    "LoggedModel",
    "LoggedModelInput",
    "LoggedModelOutput",
    "LoggedModelParameter",
    "LoggedModelStatus",
    "LoggedModelTag",
    "Metric",
    "PagedList",
    "Param",
    "Position",
    "Run",
    "RunData",
    "RunInfo",
    "RunInputs",
    "RunOutputs",
    "RunStatus",
    "RunTag",
    "SourceType",
    "ViewType",
]
