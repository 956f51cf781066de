"""Params: the first value in log order counts, other values are a visible conflict."""

from __future__ import annotations

from dataclasses import dataclass

from runstream_server.events.folds.columns import Rows, run_words
from runstream_server.events.folds.flush import Flush


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
    found: dict[tuple[str, str], _Param] = {}
    for batch, pos, message in flush.events("params"):
        for param in message.params:
            known = found.get((batch.run_id, param.key))
            if known is None:
                value = param.value
                found[batch.run_id, param.key] = _Param(pos, value, value, value)
            else:
                known.add(param.value)
    params = list(found.values())
    return Rows(
        "params",
        len(found),
        {
            "run_id": run_words([run_id for run_id, _ in found]),
            "key": [key for _, key in found],
            "first": ([param.pos for param in params], [param.first for param in params]),
            "value_min": [param.least for param in params],
            "value_max": [param.greatest for param in params],
        },
    )
