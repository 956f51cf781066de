"""`log_metric` and `log_metrics`: the hot path and everything beside it."""

from __future__ import annotations

from collections.abc import Mapping
from struct import error as struct_error
from time import time_ns
from typing import Any

from runstream._columns import Column, checked_columns, is_column
from runstream._fluent._current import writer_for
from runstream._flush import RunOperations, finished
from runstream._owners import columns_by_models, models_at, series_for
from runstream._stack import keep_ready, local
from runstream._validation import check_key, check_mapping
from runstream._values import as_step, as_timestamp_ms, as_value
from runstream._writer import RunWriter, now_ms
from runstream.spool.errors import SpoolLost, WrongProcess
from runstream.spool.format import POINT

_pack = POINT.pack

# Nothing was written: a new key, a value or step of another kind (Warning: where
# warnings are errors), a full segment, a fork, a spool whose files were taken away.
_TAKE_THE_LONG_WAY = (
    KeyError, struct_error, TypeError, OverflowError, Warning, ValueError, AttributeError,
    WrongProcess, SpoolLost,
)  # fmt: skip


def log_metric(  # noqa: PLR0913, PLR0917 (MLflow's signature)
    key: str,
    value: float,
    step: int | None = None,
    synchronous: bool | None = None,
    timestamp: int | None = None,
    run_id: str | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> RunOperations | None:
    """Log one point of a metric.

    key: at most 250 letters, digits and `_-. :/`.
    value: a number: int, float, bool, Decimal, numeric text, an array or tensor
        of one element. NaN and infinities are kept.
    step: an integer of 64 bits; None is 0.
    synchronous: None returns when the point is in the spool; True when the
        server has accepted it; False returns a handle with `.wait()`.
    timestamp: Unix time in ms; None or 0 is now.
    run_id: another run than the active one.
    model_id: the logged model that was measured; not given, the active one, else
        what the run wrote at this step (see `log_outputs`).
    dataset: what it was measured on; it becomes an input of the run.

    Starts a run when none is active. Raises MlflowException
    INVALID_PARAMETER_VALUE for a bad key, value, step or timestamp.
    """
    # The hot path, as `RunSpool.log_metric` tells it, in place: a call costs as
    # much as packing. It takes no value or step that the long way would refuse.
    if (
        step is not None
        and synchronous is None
        and timestamp is None
        and run_id is None
        and model_id is None
        and dataset is None
    ):
        points = local.points
        if points is not None:
            try:
                now = time_ns() // 1_000_000
                cell = _pack(points.words[key], step, value, now)
                spool = points.spool
                write = spool.write
                if now < spool.mark_ms and points.mark[0]:
                    write(cell)
                    return None
            except _TAKE_THE_LONG_WAY:
                pass
        elif local.stepped is not None and _logged_beside({key: value}, step):
            return None
    to = To(run_id, model_id, dataset, timestamp)
    return _log({check_key(key): value}, step, synchronous, to)


def log_metrics(
    metrics: Mapping[str, float | Column],
    step: int | Column | None = None,
    synchronous: bool | None = None,
    run_id: str | None = None,
    timestamp: int | Column | None = None,
    model_id: str | None = None,
    dataset: Any = None,
) -> RunOperations | None:
    """Log points of many metrics, all of one step and time; none when one is refused.

    metrics: key → value. The rest is as in `log_metric`.

    Histories go in as columns: `step` a list or array of integers, and for each
    key as many values; `timestamp` one time for all, or as many. A million
    points take about a second.
    """
    if (
        step is not None
        and isinstance(metrics, dict)
        and synchronous is None
        and timestamp is None
        and run_id is None
        and model_id is None
        and dataset is None
    ):
        points = local.points
        if points is not None:
            try:
                # Columns are a TypeError here, before anything is written.
                points.log_metrics(metrics, step, time_ns() // 1_000_000)  # type: ignore[arg-type]
                return None
            except _TAKE_THE_LONG_WAY:
                pass
        elif local.stepped is not None and _logged_beside(metrics, step):
            return None
    to = To(run_id, model_id, dataset, timestamp)
    if is_column(step):
        return _log_columns(metrics, step, synchronous, to)
    return _log(metrics, step, synchronous, to)


def _logged_beside(metrics: Mapping[str, Any], step: Any) -> bool:
    """Log to a run that wrote models at other steps; False: the long way has to be taken."""
    ready = local.stepped
    try:
        if ready is None or step in ready[1]:
            return False
        ready[0].log_metrics(metrics, step, time_ns() // 1_000_000)
        return True
    except _TAKE_THE_LONG_WAY:
        return False


class To:
    """Where points go, and what they belong to."""

    __slots__ = ("dataset", "model_id", "run_id", "timestamp")

    def __init__(
        self, run_id: str | None, model_id: str | None, dataset: Any, timestamp: Any
    ) -> None:
        self.run_id = run_id
        self.model_id = model_id
        self.dataset = dataset
        self.timestamp = timestamp


def _log(
    metrics: Mapping[str, Any], step: Any, synchronous: bool | None, to: To
) -> RunOperations | None:
    items = check_mapping("metrics", metrics).items()
    values = {check_key(key): as_value(key, value) for key, value in items}
    number = as_step(step)
    time_ms = as_timestamp_ms(to.timestamp) if to.timestamp else now_ms()
    writer = writer_for(to.run_id)
    for of in series_for(writer, models_at(writer, to.model_id, number), to.dataset):
        writer.log_metrics(values, number, time_ms, of)
    return _left(writer, to, synchronous)


def _log_columns(
    metrics: Mapping[str, Any], steps: Any, synchronous: bool | None, to: To
) -> RunOperations | None:
    columns = checked_columns(metrics, steps, to.timestamp)
    writer = writer_for(to.run_id)
    for part, models in columns_by_models(writer, to.model_id, columns):
        for of in series_for(writer, models, to.dataset):
            writer.log_columns(part.values, part.steps, part.times_ms, of)
    return _left(writer, to, synchronous)


def _left(writer: RunWriter, to: To, synchronous: bool | None) -> RunOperations | None:
    if to.run_id is None:
        keep_ready(writer)
    return finished(writer.tracking_uri, synchronous, None)
