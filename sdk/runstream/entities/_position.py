"""Places in the event log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from runstream.entities._base import Entity


@dataclass(frozen=True)
class Position(Entity):
    """How far the log was: everything before it is accepted.

    log_id: which deployment's log.
    offsets: (log, partition) → offset of the next record.
    """

    log_id: str = ""
    offsets: Mapping[tuple[str, int], int] = field(default_factory=dict)
