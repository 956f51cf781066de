"""Models that runs read or wrote: of each the first mention in log order counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from runstream_server.events.folds.columns import Rows, run_words
from runstream_server.events.folds.flush import Flush
from runstream_server.events.folds.names import creation_rank

#: What a model is to a run.
INPUT, OUTPUT = 0, 1


class _Use(NamedTuple):
    run_id: str
    role: int
    model_id: str


def fold_run_models(flush: Flush) -> Rows:
    found: dict[_Use, tuple[int, int]] = {}
    for use, step, pos in _uses(flush):
        found.setdefault(use, (step, creation_rank(pos)))
    return Rows(
        "run_models",
        len(found),
        {
            "run_id": run_words([use.run_id for use in found]),
            "role": [use.role for use in found],
            "model_id": [use.model_id for use in found],
            "step": [step for step, _ in found.values()],
            "version": [version for _, version in found.values()],
        },
    )


def _uses(flush: Flush) -> Iterator[tuple[_Use, int, int]]:
    for batch, pos, message in flush.events("inputs"):
        for model_id in message.model_ids:
            yield _Use(batch.run_id, INPUT, model_id), 0, pos
    for batch, pos, message in flush.events("outputs"):
        for model in message.models:
            yield _Use(batch.run_id, OUTPUT, model.model_id), model.step, pos
