"""Tables and a log that was restored: may they go on with it?"""

from __future__ import annotations

from collections.abc import Mapping

from runstream_server.eventlog.genesis import LogIdentity
from runstream_server.materialize.applied import incarnation_key, log_key
from runstream_server.store.engine import Store
from runstream_server.store.generations import generations
from runstream_server.store.meta import read_meta, write_facts
from runstream_server.store.schema.applied import APPLIED


def obstacle(
    store: Store, identity: LogIdentity, before: str, ends: Mapping[tuple[str, int], int]
) -> str:
    """Why the tables cannot go on with the restored log; empty: they can.

    before: the incarnation that was archived last. ends: where its archive ends.
    """
    for generation in generations(store):
        number = generation.number
        log, incarnation = (
            read_meta(store, log_key(number)),
            read_meta(store, incarnation_key(number)),
        )
        if log is None:
            continue
        if log != identity.described():
            return f"they were folded from another log ({log})"
        if incarnation == identity.incarnation:
            continue
        if not before or incarnation != before:
            return "they were folded from other topics than those that were archived last"
        if ahead := _ahead(store, number, ends):
            return f"they hold {ahead} records from behind the archive's end, which are lost"
    return ""


def adopt(store: Store, identity: LogIdentity) -> None:
    """They go on with this incarnation; `obstacle` was asked before."""
    write_facts(
        store, {incarnation_key(one.number): identity.incarnation for one in generations(store)}
    )


def _ahead(store: Store, generation: int, ends: Mapping[tuple[str, int], int]) -> int:
    """How many records they have folded that the archive does not hold."""
    rows = store.rows(
        f"SELECT log, partition, max(next_offset) FROM {APPLIED.full_name(generation)} "
        "GROUP BY log, partition"
    )
    # A view that is built on its own has a name of its own behind the log's.
    return sum(
        max(offset - ends.get((log.partition("@")[0], partition), 0), 0)
        for log, partition, offset in rows
    )
