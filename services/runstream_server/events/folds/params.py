"""Params of runs and of logged models.

The first value in log order counts, other values are a visible conflict.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from runstream_server.events.folds.columns import Rows, run_words
from runstream_server.events.folds.flush import Flush, Placed


@dataclass
class _Param:
    pos: int
    first: str
    least: str
    greatest: str

    def add(self, value: str) -> None:
        """A later write."""
        self.least = min(self.least, value)
        self.greatest = max(self.greatest, value)


def fold_params(flush: Flush) -> Rows:
    return _rows("params", "run_id", flush.events("params"))


def fold_model_params(flush: Flush) -> Rows:
    return _rows("model_params", "model_id", flush.model_events("logged_model_params"))


def _rows(table: str, owner: str, events: Iterable[Placed]) -> Rows:
    found: dict[tuple[str, str], _Param] = {}
    for batch, pos, message in events:
        for param in message.params:
            known = found.get((batch.owner, param.key))
            if known is None:
                value = param.value
                found[batch.owner, param.key] = _Param(pos, value, value, value)
            else:
                known.add(param.value)
    params = list(found.values())
    return Rows(
        table,
        len(found),
        {
            owner: run_words([owner_id for owner_id, _ in found]),
            "key": [key for _, key in found],
            "first": ([param.pos for param in params], [param.first for param in params]),
            "value_min": [param.least for param in params],
            "value_max": [param.greatest for param in params],
        },
    )
