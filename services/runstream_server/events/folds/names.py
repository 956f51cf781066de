"""The name of a run, which is also its tag `mlflow.runName`.

Whoever creates a shared run gives it a name, and only the first in log order
counts; whoever renames it later wins over that, and then the last. So a rank
stands in place of the plain position: a renaming counts by its position above
the middle, a creation from the middle downwards.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from runstream_server.events.folds.flush import Flush

NAME_TAG = "mlflow.runName"

_MIDDLE = 1 << 63


class Named(NamedTuple):
    run_id: str
    rank: int
    name: str


def write_rank(pos: int) -> int:
    """The rank of a plain write at that position: the last in log order wins."""
    return _MIDDLE + pos


def creation_rank(pos: int) -> int:
    """Below every write; the first in log order wins."""
    return _MIDDLE - 1 - pos


def run_names(flush: Flush) -> Iterator[Named]:
    """The names that creations and updates give."""
    for batch, pos, message in flush.events("run_created"):
        if message.run_name:
            yield Named(batch.run_id, creation_rank(pos), message.run_name)
    for batch, pos, message in flush.events("run_updated"):
        if message.HasField("run_name"):
            yield Named(batch.run_id, write_rank(pos), message.run_name)
