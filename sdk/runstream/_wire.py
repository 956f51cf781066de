"""Messages of `proto/runstream/v1/tracking.proto` to entities."""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from runstream._messages import events_pb2, tracking_pb2
from runstream.entities import (
    Dataset,
    DatasetInput,
    Experiment,
    FileInfo,
    InputTag,
    LoggedModel,
    LoggedModelInput,
    LoggedModelOutput,
    LoggedModelStatus,
    Metric,
    Param,
    Position,
    Run,
    RunData,
    RunInfo,
    RunInputs,
    RunOutputs,
    RunStatus,
    RunTag,
)


def experiment(message: tracking_pb2.Experiment) -> Experiment:
    return Experiment(
        experiment_id=message.experiment_id,
        name=message.name,
        artifact_location=message.artifact_location,
        lifecycle_stage=message.lifecycle_stage or "active",
        tags={tag.key: tag.value for tag in message.tags},
        creation_time=message.creation_time,
        last_update_time=message.last_update_time,
    )


def run(message: tracking_pb2.Run) -> Run:
    return Run(
        run_info=_run_info(message.info),
        run_data=_run_data(message.info.run_id, message.data),
        run_inputs=_run_inputs(message.inputs),
        run_outputs=_run_outputs(message.outputs),
    )


def _run_info(message: tracking_pb2.RunInfo) -> RunInfo:
    return RunInfo(
        run_id=message.run_id,
        experiment_id=message.experiment_id,
        user_id=message.user_id,
        status=RunStatus.to_string(message.status or RunStatus.RUNNING),
        start_time=message.start_time,
        end_time=message.end_time if message.HasField("end_time") else None,
        lifecycle_stage=message.lifecycle_stage or "active",
        artifact_uri=message.artifact_uri,
        run_name=message.run_name,
        lost_since=message.lost_since or None,
    )


def _run_data(run_id: str, message: tracking_pb2.RunData) -> RunData:
    return RunData(
        metrics=[_metric(run_id, metric) for metric in message.metrics],
        params=[Param(param.key, param.value) for param in message.params],
        tags=[RunTag(tag.key, tag.value) for tag in message.tags],
    )


def _metric(run_id: str, message: tracking_pb2.Metric) -> Metric:
    return Metric(
        key=message.key,
        value=message.value,
        timestamp=message.timestamp,
        step=message.step,
        model_id=message.model_id or None,
        dataset_name=message.dataset_name or None,
        dataset_digest=message.dataset_digest or None,
        run_id=run_id,
        source=message.source,
    )


def _run_inputs(message: tracking_pb2.RunInputs) -> RunInputs:
    return RunInputs(
        dataset_inputs=[_dataset_input(item) for item in message.dataset_inputs],
        model_inputs=[LoggedModelInput(model_id) for model_id in message.model_ids],
    )


def _dataset_input(message: events_pb2.DatasetInput) -> DatasetInput:
    dataset = message.dataset
    return DatasetInput(
        dataset=Dataset(
            name=dataset.name,
            digest=dataset.digest,
            source_type=dataset.source_type,
            source=dataset.source,
            schema=dataset.schema or None,
            profile=dataset.profile or None,
        ),
        tags=[InputTag(tag.key, tag.value) for tag in message.tags],
    )


def _run_outputs(message: tracking_pb2.RunOutputs) -> RunOutputs:
    models = [LoggedModelOutput(item.model_id, item.step) for item in message.model_outputs]
    return RunOutputs(model_outputs=models)


def logged_model(message: tracking_pb2.LoggedModel) -> LoggedModel:
    return LoggedModel(
        experiment_id=message.experiment_id,
        model_id=message.model_id,
        name=message.name,
        artifact_location=message.artifact_uri,
        creation_timestamp=message.creation_time,
        last_updated_timestamp=message.last_update_time,
        model_type=message.model_type or None,
        source_run_id=message.source_run_id or None,
        status=LoggedModelStatus.from_int(message.status),
        status_message=message.status_message or None,
        tags={tag.key: tag.value for tag in message.tags},
        params={param.key: param.value for param in message.params},
        metrics=[_metric(metric.run_id, metric) for metric in message.metrics],
    )


def history(run_id: str, key: str, message: tracking_pb2.MetricHistory) -> list[Metric]:
    """The points of one page, in its order."""
    steps, times, values = _longs(message.step), _longs(message.timestamp), array("d")
    values.frombytes(message.value)
    sources = _names(message.sources, message.source_index, len(values))
    series = _series(message, len(values))
    return [
        Metric(
            key=key, value=value, timestamp=time, step=step, run_id=run_id, source=source,
            model_id=of.model_id or None, dataset_name=of.dataset_name or None,
            dataset_digest=of.dataset_digest or None,
        )
        for value, time, step, source, of in zip(
            values, times, steps, sources, series, strict=True
        )
    ]  # fmt: skip


def _longs(column: bytes) -> array[int]:
    numbers = array("q")
    numbers.frombytes(column)
    return numbers


def _indexes(column: bytes, count: int) -> Iterable[int]:
    numbers = array("I")
    numbers.frombytes(column)
    return numbers if numbers else [0] * count


def _names(names: Iterable[str], column: bytes, count: int) -> Iterable[str]:
    table = list(names) or [""]
    return [table[i] for i in _indexes(column, count)]


def _series(message: tracking_pb2.MetricHistory, count: int) -> Iterable[events_pb2.Series]:
    table = list(message.series) or [events_pb2.Series()]
    return [table[i] for i in _indexes(message.series_index, count)]


def file_info(message: tracking_pb2.FileInfo) -> FileInfo:
    size = None if message.is_dir else message.file_size
    return FileInfo(path=message.path, is_dir=message.is_dir, file_size=size)


def position(message: tracking_pb2.Position) -> Position:
    offsets = {(part.log, part.partition): part.next_offset for part in message.offsets}
    return Position(log_id=message.log_id, offsets=offsets)


def key_values(items: Iterable[tuple[str, str]]) -> list[events_pb2.KeyValue]:
    """Pairs as messages."""
    return [events_pb2.KeyValue(key=key, value=value) for key, value in items]
