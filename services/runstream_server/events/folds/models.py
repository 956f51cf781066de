"""Attributes of logged models. The stream of a model is all there is to its order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from runstream_server.events.decode import Batch
from runstream_server.events.folds.columns import Rows, run_words
from runstream_server.events.folds.flush import Flush

_UINT64_MAX = 2**64 - 1


@dataclass
class Model:
    """A row; as made, the neutral element of every column."""

    created: tuple[int, int, int, str, str, str] = (_UINT64_MAX, 0, 0, "", "", "")
    status: tuple[int, int] = (0, 0)
    status_message: tuple[int, str] = (0, "")
    updated_ms: int = 0
    deleted: int = 0


_TUPLES = ("created", "status", "status_message")
_NUMBERS = ("updated_ms", "deleted")


def fold_models(flush: Flush) -> Rows:
    models: dict[str, Model] = {}
    for kind, add in _ADDERS.items():
        for batch, pos, message in flush.model_events(kind):
            add(models.setdefault(batch.owner, Model()), batch, pos, message)
    columns: dict[str, Any] = {
        name: [getattr(model, name) for model in models.values()] for name in _TUPLES + _NUMBERS
    }
    for name in _TUPLES:
        columns[name] = tuple(zip(*columns[name], strict=True))
    return Rows("models", len(models), {"model_id": run_words(list(models)), **columns})


def _created(model: Model, batch: Batch, pos: int, message: Any) -> None:
    claim = (
        pos,
        batch.experiment_id,
        message.creation_time_ms,
        message.name,
        message.model_type,
        message.source_run_id,
    )
    model.created = min(model.created, claim)


def _updated(model: Model, batch: Batch, pos: int, message: Any) -> None:
    # Places count from 1 here: 0 says that nothing was said yet.
    if message.HasField("status"):
        model.status = max(model.status, (pos + 1, message.status))
    if message.HasField("status_message"):
        model.status_message = max(model.status_message, (pos + 1, message.status_message))
    model.updated_ms = max(model.updated_ms, batch.accepted_ms)


def _deleted(model: Model, batch: Batch, pos: int, message: Any) -> None:
    model.deleted = 1
    model.updated_ms = max(model.updated_ms, batch.accepted_ms)


_ADDERS: dict[str, Callable[[Model, Batch, int, Any], None]] = {
    "logged_model_created": _created,
    "logged_model_updated": _updated,
    "logged_model_deleted": _deleted,
}
