"""Entities as the REST API writes them in JSON.

Numbers that JSON cannot write (NaN and infinities) are strings, as protobuf's
JSON form has them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from runstream.entities import (
    Experiment,
    FileInfo,
    LoggedModel,
    LoggedModelStatus,
    Metric,
    Run,
    RunInfo,
)

Json = dict[str, Any]

_MODEL_STATUS = {
    LoggedModelStatus.UNSPECIFIED: "LOGGED_MODEL_STATUS_UNSPECIFIED",
    LoggedModelStatus.PENDING: "LOGGED_MODEL_PENDING",
    LoggedModelStatus.READY: "LOGGED_MODEL_READY",
    LoggedModelStatus.FAILED: "LOGGED_MODEL_UPLOAD_FAILED",
}


def number_json(value: float) -> float | str:
    """A number, or its name where JSON has no number for it."""
    if math.isfinite(value):
        return value
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def pairs_json(values: Mapping[str, str]) -> list[Json]:
    return [{"key": key, "value": value} for key, value in values.items()]


def without_none(values: Mapping[str, Any]) -> Json:
    """As in REST: a field that is not set is not there."""
    return {name: value for name, value in values.items() if value is not None}


def experiment_json(experiment: Experiment) -> Json:
    return without_none({**dict(experiment), "tags": pairs_json(experiment.tags)})


def metric_json(metric: Metric) -> Json:
    fields = {**dict(metric), "value": number_json(metric.value), "source": metric.source or None}
    return without_none(fields)


def run_info_json(info: RunInfo) -> Json:
    return without_none({"run_uuid": info.run_id, **dict(info)})


def run_json(run: Run) -> Json:
    return {
        "info": run_info_json(run.info),
        "data": {
            "metrics": [metric_json(metric) for metric in run.data.metric_list],
            "params": pairs_json(run.data.params),
            "tags": pairs_json(run.data.tags),
        },
        "inputs": {
            "dataset_inputs": [
                {"dataset": without_none(dict(item.dataset)), "tags": [dict(t) for t in item.tags]}
                for item in run.inputs.dataset_inputs
            ],
            "model_inputs": [dict(item) for item in run.inputs.model_inputs],
        },
        "outputs": {"model_outputs": [dict(item) for item in run.outputs.model_outputs]},
    }


def model_json(model: LoggedModel) -> Json:
    info = {
        "model_id": model.model_id,
        "experiment_id": model.experiment_id,
        "name": model.name,
        "creation_timestamp_ms": model.creation_timestamp,
        "last_updated_timestamp_ms": model.last_updated_timestamp,
        "artifact_uri": model.artifact_location,
        "status": _MODEL_STATUS[model.status],
        "model_type": model.model_type,
        "source_run_id": model.source_run_id,
        "status_message": model.status_message,
        "tags": pairs_json(model.tags),
    }
    data = {
        "params": pairs_json(model.params),
        "metrics": [metric_json(metric) for metric in model.metrics or ()],
    }
    return {"info": without_none(info), "data": data}


def file_json(file: FileInfo) -> Json:
    return without_none(dict(file))
