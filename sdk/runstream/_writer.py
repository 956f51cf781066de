"""One run as this process writes it: checked values in, spooled events out.

Nothing here needs a server. A call that returned is in the spool.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from runstream import _limits as limits
from runstream._config import config
from runstream._disabled import DisabledPoints
from runstream._messages import events_pb2, spool_pb2
from runstream._validation import check_key, check_mapping, param_value, tag_value
from runstream._wire import key_values
from runstream.entities import RunStatus
from runstream.exceptions import MlflowException
from runstream.spool.errors import SpoolLost
from runstream.spool.series import RunSpool

if TYPE_CHECKING:
    from runstream._process import Process
    from runstream.spool.writer import ProcessSpool


def now_ms() -> int:
    """Unix time in ms."""
    return time.time_ns() // 1_000_000


class SeriesOf(NamedTuple):
    """What the points of a series belong to besides their key."""

    model_id: str = ""
    dataset_name: str = ""
    dataset_digest: str = ""


NO_SERIES = SeriesOf()


class Created(NamedTuple):
    """What a new run starts with. One of experiment_id and experiment_name is empty."""

    experiment_id: str
    experiment_name: str
    start_time_ms: int
    user_id: str
    run_name: str


class Place(NamedTuple):
    """Where a run stands in a spool."""

    spool: ProcessSpool
    run_index: int
    points: RunSpool


class RunWriter:
    """Writes to one run. Safe from any thread and from signal handlers.

    definition: what the spool says about the run.
    artifact_uri: where artifacts go, as far as it is known; empty: to the server.
    datasets: name and digest of the ones that this process logged as inputs.
    models: ids of the ones that it logged as inputs or outputs.
    outputs: step → the ones that it logged as outputs of that step.
    """

    def __init__(self, process: Process, definition: spool_pb2.RunDefinition) -> None:
        self.process = process
        self.definition = definition
        self.params = process.params.setdefault(definition.run_id, {})
        self.artifact_uri = ""
        self.datasets: set[tuple[str, str]] = set()
        self.models: set[str] = set()
        self.outputs: dict[int, list[str]] = {}
        self._place = self._define()

    @property
    def run_id(self) -> str:
        return self.definition.run_id

    @property
    def tracking_uri(self) -> str:
        return self.definition.tracking_uri

    @property
    def points(self) -> RunSpool:
        """The hot object; another one when the spool had to be made again."""
        return self._place.points

    def _define(self) -> Place:
        process = self.process
        spool = process.spool()
        index = spool.define_run(self.definition)
        if config().disabled:
            return Place(spool, index, cast(RunSpool, DisabledPoints()))
        points = RunSpool(spool, index, _check_key, lambda: process.look_after(spool))
        return Place(spool, index, points)

    def _tried(self, write: Callable[[Place], None]) -> None:
        """Do it; where the files of the spool were taken away, once more in a new one."""
        try:
            write(self._current_place())
        except SpoolLost:
            self.process.renew_spool(self._place.spool)
            write(self._current_place())

    def _current_place(self) -> Place:
        if self._place.spool is not self.process.spool():
            self._place = self._define()
        return self._place

    def create(self, created: Created) -> None:
        """Say that the run exists, and runs."""
        self._append(events_pb2.Event(run_created=events_pb2.RunCreated(**created._asdict())))

    def update(
        self,
        status: str | None = None,
        end_time_ms: int | None = None,
        run_name: str | None = None,
    ) -> None:
        """Change attributes; None keeps what there is."""
        number = None if status is None else RunStatus.from_string(status)
        updated = events_pb2.RunUpdated(
            status=number,  # type: ignore[arg-type]
            end_time_ms=end_time_ms,
            run_name=run_name,
        )
        self._append(events_pb2.Event(run_updated=updated))

    def log_metric(
        self, key: str, value: float, step: int, timestamp_ms: int, of: SeriesOf = NO_SERIES
    ) -> None:
        """One point, checked before."""
        if of == NO_SERIES:
            self._tried(lambda at: at.points.log_metric(key, value, step, timestamp_ms))
        else:
            self._tried(lambda at: _log_of(at.points, key, of, (value, step, timestamp_ms)))

    def log_metrics(
        self,
        metrics: dict[str, float],
        step: int,
        timestamp_ms: int,
        of: SeriesOf = NO_SERIES,
    ) -> None:
        """Points of one step and time, checked before."""
        if of == NO_SERIES:
            self._tried(lambda at: at.points.log_metrics(metrics, step, timestamp_ms))
            return
        for key, value in metrics.items():
            self.log_metric(key, value, step, timestamp_ms, of)

    def log_columns(
        self,
        values: Mapping[str, array[float]],
        steps: array[int],
        times_ms: array[int],
        of: SeriesOf = NO_SERIES,
    ) -> None:
        """Histories, checked before."""

        def write(at: Place) -> None:
            for key, column in values.items():
                at.points.log_columns(key, of, (steps, times_ms, column))

        self._tried(write)

    def log_params(self, params: Mapping[str, Any]) -> dict[str, str]:
        """Params as text, whole or not at all. Raises where this process logged another value."""
        truncate = config().truncate_long_values
        texts = {
            check_key(key): param_value(key, value, truncate=truncate)
            for key, value in check_mapping("params", params).items()
        }
        for key, text in texts.items():
            if self.params.get(key, text) != text:
                raise self._changed(key, text)
        for chunk in _chunks(texts):
            self._append(events_pb2.Event(params=events_pb2.Params(params=key_values(chunk))))
        self.params.update(texts)
        return texts

    def _changed(self, key: str, text: str) -> MlflowException:
        return MlflowException.invalid_parameter_value(
            f"Changing param values is not allowed. Param with key='{key}' was already logged "
            f"with value='{self.params[key][:100]}' for run ID='{self.run_id}'. "
            f"Attempted logging new value '{text[:100]}'."
        )

    def set_tags(self, tags: Mapping[str, Any]) -> None:
        """Tags as text, whole or not at all."""
        self.set_checked_tags(checked_tags(tags))

    def set_checked_tags(self, texts: Mapping[str, str]) -> None:
        """What `checked_tags` returned."""
        for chunk in _chunks(texts):
            self._append(events_pb2.Event(tags=events_pb2.Tags(set=key_values(chunk))))

    def delete_tag(self, key: str) -> None:
        self._append(events_pb2.Event(tags=events_pb2.Tags(delete=[check_key(key)])))

    def log_inputs(self, inputs: events_pb2.Inputs) -> None:
        self._append(events_pb2.Event(inputs=inputs))
        self.models.update(inputs.model_ids)
        self.datasets.update((item.dataset.name, item.dataset.digest) for item in inputs.datasets)

    def log_outputs(self, outputs: events_pb2.Outputs) -> None:
        self._append(events_pb2.Event(outputs=outputs))
        for model in outputs.models:
            self.models.add(model.model_id)
            self.outputs.setdefault(model.step, []).append(model.model_id)

    def blobs_folder(self) -> Path:
        """Where the bytes of artifacts wait."""
        return self._current_place().spool.blob_folder()

    def log_artifact(self, artifact: spool_pb2.SpooledArtifact) -> None:
        """An artifact whose bytes are stored or lie in the spool."""

        def append(at: Place) -> None:
            artifact.run_index = at.run_index
            at.spool.append_artifact(artifact)

        self._tried(append)

    def close(self) -> None:
        """This process has ended its use of the run; a later use defines it again."""
        self.process.writers.pop((self.tracking_uri, self.run_id), None)
        self._tried(lambda at: at.spool.close_run(at.run_index))

    def _append(self, event: events_pb2.Event) -> None:
        event.time_ms = now_ms()
        content = event.SerializeToString()
        self._tried(lambda at: at.spool.append_event(at.run_index, content))


def checked_tags(tags: Mapping[str, Any]) -> dict[str, str]:
    """Tags as text; raises for the first that is refused."""
    truncate = config().truncate_long_values
    return {
        check_key(key): tag_value(key, value, truncate=truncate)
        for key, value in check_mapping("tags", tags).items()
    }


def _log_of(points: RunSpool, key: str, of: SeriesOf, rest: tuple[float, int, int]) -> None:
    points.log_series(points.index_of(key, *of), *rest)


def _check_key(key: str) -> None:
    check_key(key)


def _chunks(texts: Mapping[str, str]) -> Iterator[Iterable[tuple[str, str]]]:
    """Parts of about one event's size."""
    chunk: list[tuple[str, str]] = []
    size = 0
    for key, text in texts.items():
        chunk.append((key, text))
        size += len(key.encode()) + len(text.encode())
        if size >= limits.EVENT_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
