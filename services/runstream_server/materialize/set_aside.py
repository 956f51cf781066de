"""Records, or parts of them, that no table takes: kept in view with the reason.

A *poison* record is one that was well formed and still could not be folded, or
was refused by the store for what is in it. A few are set aside, so that the
rest goes on; many mean that something else is wrong, and the process stops.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from runstream_server.events.folds.columns import Rows
from runstream_server.store.engine import Store
from runstream_server.store.schema.set_aside import SET_ASIDE

CANNOT_FOLD = "cannot be folded: "
REFUSED = "refused by the store: "


class TooManySetAsideError(Exception):
    """The limit of poison records is reached: nothing more is set aside."""


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


def check_poison(
    store: Store, generation: int, found: Iterable[SetAside], records_max: int
) -> None:
    """Raises TooManySetAsideError when these would be too many.

    Counts what the table holds: a process that is started again has no more to
    give than the one before it.
    """
    known = store.rows(
        f"SELECT DISTINCT log, partition, offset FROM {SET_ASIDE.full_name(generation)} "
        "WHERE startsWith(reason, {fold:String}) OR startsWith(reason, {refused:String})",
        {"fold": CANNOT_FOLD, "refused": REFUSED},
    )
    new = list(found)
    places = set(known) | {one[:3] for one in new}
    if len(places) > records_max:
        raise TooManySetAsideError(
            f"{len(places)} records could not be written to the tables, more than the "
            f"{records_max} that are set aside: this is no matter of single records. They are "
            f"safe in the event log. The last one, {new[-1].log} log, partition "
            f"{new[-1].partition}, offset {new[-1].offset}, was {new[-1].reason}. Mend the "
            "cause and start again; `runstream rebuild` brings back what was set aside."
        )
