"""Records, or parts of them, that no table takes: kept in view with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from runstream_server.events.folds.columns import Rows
from runstream_server.store.schema.set_aside import SET_ASIDE


class SetAside(NamedTuple):
    """Which record, and why. Its bytes stay in the log."""

    log: str
    partition: int
    offset: int
    stream_id: str
    reason: str


def set_aside_rows(found: Sequence[SetAside]) -> Rows:
    columns = zip(*found, strict=True) if found else ((),) * len(SetAside._fields)
    return Rows(
        SET_ASIDE.name,
        len(found),
        dict(zip(SetAside._fields, map(list, columns), strict=True)),
    )
