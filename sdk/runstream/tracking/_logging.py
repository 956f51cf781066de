"""The client's part for metrics, params, tags and inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from runstream import _inputs
from runstream._datasets import named_series
from runstream._flush import RunOperations, finished
from runstream._validation import check_key, missing_value
from runstream._values import as_step, as_timestamp_ms, as_value
from runstream._writer import SeriesOf, checked_tags, now_ms
from runstream.entities import Metric, Param, RunTag
from runstream.exceptions import MlflowException
from runstream.tracking._base import ClientBase


class LoggingCalls(ClientBase):
    """Writing to a run by its id. Nothing here needs a server for a run of this process."""

    def log_metric(  # noqa: PLR0913, PLR0917 (MLflow's signature)
        self,
        run_id: str,
        key: str,
        value: float,
        timestamp: int | None = None,
        step: int | None = None,
        synchronous: bool | None = None,
        dataset_name: str | None = None,
        dataset_digest: str | None = None,
        model_id: str | None = None,
    ) -> RunOperations | None:
        """Log one point; see `runstream.log_metric`."""
        of = named_series(model_id, dataset_name, dataset_digest)
        point = _point(key, value, timestamp, step, of)
        writer = self._writer(run_id)
        writer.log_metric(*point)
        return finished(writer.tracking_uri, synchronous, None)

    def log_param(self, run_id: str, key: str, value: Any, synchronous: bool | None = None) -> Any:
        """Log a param; see `runstream.log_param`."""
        self._writer(run_id).log_params({check_key(key): value})
        return finished(self._tracking_uri, synchronous, value)

    def set_tag(
        self, run_id: str, key: str, value: Any, synchronous: bool | None = None
    ) -> RunOperations | None:
        """Set a tag; see `runstream.set_tag`."""
        self._writer(run_id).set_tags({check_key(key): value})
        return finished(self._tracking_uri, synchronous, None)

    def delete_tag(self, run_id: str, key: str) -> None:
        """Delete a tag; one that is not there is no error."""
        self._writer(run_id).delete_tag(key)

    def log_batch(
        self,
        run_id: str,
        metrics: Sequence[Metric] = (),
        params: Sequence[Param] = (),
        tags: Sequence[RunTag] = (),
        synchronous: bool | None = None,
    ) -> RunOperations | None:
        """Log many at once, of any number; none of them when one is refused."""
        points = [_point_of(metric) for metric in metrics]
        counts = Counter(param.key for param in params)
        repeated = sorted(key for key, count in counts.items() if count > 1)
        if repeated:
            raise MlflowException.invalid_parameter_value(
                f"Duplicate parameter keys have been submitted: {repeated}. Please ensure the "
                "request contains only one param value per param key."
            )
        texts = checked_tags({tag.key: tag.value for tag in tags})
        writer = self._writer(run_id)
        writer.log_params({param.key: param.value for param in params})
        for point in points:
            writer.log_metric(*point)
        writer.set_checked_tags(texts)
        return finished(self._tracking_uri, synchronous, None)

    def log_inputs(
        self,
        run_id: str,
        datasets: Sequence[Any] | None = None,
        models: Sequence[Any] | None = None,
    ) -> None:
        """Log datasets (DatasetInput) and models (LoggedModelInput) that the run read."""
        items = _inputs.dataset_inputs(datasets or ())
        _inputs.log_inputs(self._writer(run_id), items, models or ())


Point = tuple[str, float, int, int, SeriesOf]


def _point(key: str, value: Any, timestamp: Any, step: Any, of: SeriesOf) -> Point:
    time_ms = as_timestamp_ms(timestamp) if timestamp else now_ms()
    return check_key(key), as_value(key, value), as_step(step), time_ms, of


def _point_of(metric: Metric) -> Point:
    if metric.timestamp is None:
        raise missing_value("timestamp")
    of = named_series(metric.model_id, metric.dataset_name, metric.dataset_digest)
    return _point(metric.key, metric.value, metric.timestamp, metric.step, of)
