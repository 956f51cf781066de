"""How far each partition is folded, as the tables say."""

from __future__ import annotations

from collections.abc import Mapping

from runstream_server.eventlog.genesis import LogIdentity
from runstream_server.eventlog.port import LogMismatchError
from runstream_server.events.folds.columns import Rows
from runstream_server.store.engine import Store
from runstream_server.store.meta import read_meta, write_meta
from runstream_server.store.schema.applied import APPLIED


def read_applied(store: Store, generation: int, log: str) -> dict[int, int]:
    """Per partition the offset of the next record to fold; none: nothing folded."""
    rows = store.rows(
        f"SELECT partition, max(next_offset) FROM {APPLIED.full_name(generation)} "
        "WHERE log = {log:String} GROUP BY partition",
        {"log": log},
    )
    return dict(rows)


def applied_rows(log: str, next_offsets: Mapping[int, int]) -> Rows:
    return Rows(
        APPLIED.name,
        len(next_offsets),
        {
            "log": [log] * len(next_offsets),
            "partition": list(next_offsets),
            "next_offset": list(next_offsets.values()),
        },
    )


def check_within(log: str, applied: Mapping[int, int], ends: Mapping[int, int]) -> None:
    """Raises LogMismatchError when the tables have folded what the log lacks."""
    for partition, offset in sorted(applied.items()):
        if partition not in ends:
            raise LogMismatchError(
                f"the tables have folded partition {partition} of the {log} log, which has "
                f"{len(ends)} partitions: this is another log; nothing was changed"
            )
        if offset > ends[partition]:
            raise LogMismatchError(
                f"the tables have folded partition {partition} of the {log} log up to offset "
                f"{offset}, but the log ends at {ends[partition]}: it lost records or is "
                "another log; put the right log in place, or rebuild the tables from this one"
            )


def check_identity(store: Store, generation: int, identity: LogIdentity) -> None:
    """Ties a generation to its log at first use; later raises LogMismatchError for another."""
    key = log_key(generation)
    found = identity.described()
    known = read_meta(store, key)
    if known is None:
        write_meta(store, key, found)
    elif known != found:
        raise LogMismatchError(
            f"the tables of generation {generation} were folded from log {known}, and this is "
            f"log {found}; put the right log in place, or start with an empty store folder"
        )
    _check_incarnation(store, generation, identity)


def log_key(generation: int) -> str:
    """The fact that says which log a generation is of."""
    return f"log_of_generation_{generation}"


def incarnation_key(generation: int) -> str:
    """The fact that says which incarnation of it."""
    return f"incarnation_of_generation_{generation}"


def _check_incarnation(store: Store, generation: int, identity: LogIdentity) -> None:
    if not identity.incarnation:
        return
    key = incarnation_key(generation)
    known = read_meta(store, key)
    if known is None:
        write_meta(store, key, identity.incarnation)
    elif known != identity.incarnation:
        raise LogMismatchError(
            f"the tables of generation {generation} were folded from this log before it was made "
            "again or restored, and may hold what it lost. Nothing was changed. Name another, "
            "empty database in RUNSTREAM_CLICKHOUSE: its tables are built from the log as it is. "
            "(Where the old ones hold nothing that was lost, `runstream archive restore` has them "
            "go on, when it knows RUNSTREAM_CLICKHOUSE.)"
        )
