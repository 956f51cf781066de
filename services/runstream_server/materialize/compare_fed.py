"""Do two generations hold the same rows, while both are fed?

What was not written to meanwhile has to be equal, row for row. A run that was
written to is compared again; one that is written to all the time is left out
and counted.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from runstream_server.eventlog.port import EVENTS, REGISTRY
from runstream_server.events.partition import partition_of
from runstream_server.materialize.applied import read_applied
from runstream_server.materialize.compare import Difference, merged
from runstream_server.materialize.materializer import Logs
from runstream_server.store.engine import Store
from runstream_server.store.schema.applied import APPLIED
from runstream_server.store.schema.experiments import EXPERIMENTS
from runstream_server.store.schema.ledger import LEDGER
from runstream_server.store.schema.set_aside import SET_ASIDE
from runstream_server.store.schema.table import Table
from runstream_server.store.schema.tables import TABLES

_ROUNDS = 3
_LOOK_SECONDS = 0.2
# More than that many runs differ: something is wrong with all of them.
_OWNERS_MAX = 10_000
_SAMPLE_ROWS = 5

Pair = tuple[int, int]
Offsets = dict[tuple[str, int], int]


@dataclass(frozen=True)
class Comparison:
    """differences: what cannot be explained by writing. not_compared: how many runs."""

    differences: tuple[Difference, ...] = ()
    not_compared: int = 0


class _Owner(NamedTuple):
    """Rows of one table that belong to one run, stream or experiment."""

    table: Table
    name: str


def compare_fed(
    store: Store,
    pair: Pair,
    logs: Logs,
    partitions: int,
    *,
    stop: threading.Event,
    place: Callable[[str, int], int] = partition_of,
) -> Comparison:
    """Blocks until both hold what the log held meanwhile, or `stop` is set.

    place: the partition of a stream.
    """
    active: frozenset[_Owner] = frozenset()
    for round_number in range(_ROUNDS):
        begun = _held(store, pair)
        differing = _differing(store, pair, active if round_number else None)
        if not differing or not _wait_level(store, pair, logs, stop):
            return Comparison()
        active = _active(store, pair, differing, begun, lambda stream: place(stream, partitions))
        wrong = differing - active
        if wrong:
            return Comparison(_described(store, pair, wrong), len(active))
    return Comparison((), len({owner.name for owner in active}))


def _held(store: Store, pair: Pair) -> Offsets:
    """What both of them have folded."""
    found = [
        {
            (log, partition): offset
            for log in (EVENTS, REGISTRY)
            for partition, offset in read_applied(store, number, log).items()
        }
        for number in pair
    ]
    return {part: min(one.get(part, 0) for one in found) for part in found[0]}


def _wait_level(store: Store, pair: Pair, logs: Logs, stop: threading.Event) -> bool:
    """Until both hold all that the log holds now; so no flush of before is half done."""
    ends: Mapping[tuple[str, int], int] = {
        (log.log, partition): end
        for log in (logs.events, logs.registry)
        for partition, end in log.end_offsets().items()
    }
    while not stop.is_set():
        held = _held(store, pair)
        if all(held.get(part, 0) >= end for part, end in ends.items()):
            return True
        stop.wait(_LOOK_SECONDS)
    return False


def _owner_of(table: Table) -> str:
    """Whose row it is, as SQL: a stream, or an experiment."""
    first = table.order_by[0]
    if table is SET_ASIDE or first == "stream_id":
        return "stream_id"
    plain = f"replaceAll(toString({first}), '-', '')"
    return f"concat('m-', {plain})" if first == "model_id" else plain


def _differing(store: Store, pair: Pair, among: Collection[_Owner] | None) -> frozenset[_Owner]:
    found: set[_Owner] = set()
    for table in TABLES:
        names = None if among is None else [one.name for one in among if one.table is table]
        if table is APPLIED or names == []:
            continue
        found |= {_Owner(table, name) for name in _differing_names(store, pair, table, names)}
    return frozenset(found)


def _differing_names(store: Store, pair: Pair, table: Table, among: list[str] | None) -> list[str]:
    owner = _owner_of(table)
    halves = " UNION ALL ".join(
        f"SELECT {owner} AS owner, cityHash64(*) AS hash, {side} AS side "
        f"FROM ({merged(table, one)})"
        for side, one in enumerate(pair)
    )
    where = "" if among is None else "WHERE owner IN {among:Array(String)}"
    rows = store.rows(
        f"SELECT owner FROM ({halves}) {where} GROUP BY owner "
        "HAVING sumIf(hash, side = 0) != sumIf(hash, side = 1) "
        f"OR countIf(side = 0) != countIf(side = 1) LIMIT {_OWNERS_MAX}",
        None if among is None else {"among": among},
    )
    return [name for (name,) in rows]


def _active(
    store: Store,
    pair: Pair,
    differing: Collection[_Owner],
    begun: Offsets,
    place: Callable[[str], int],
) -> frozenset[_Owner]:
    """Those that were written to after both held `begun`."""
    streams = sorted({one.name for one in differing if one.table is not EXPERIMENTS})
    last = _last_offsets(store, pair, streams)
    registry = _held(store, pair).get((REGISTRY, 0), 0) > begun.get((REGISTRY, 0), 0)
    return frozenset(
        one
        for one in differing
        if (
            registry
            if one.table is EXPERIMENTS
            else last.get(one.name, -1) >= begun.get((EVENTS, place(one.name)), 0)
        )
    )


def _last_offsets(store: Store, pair: Pair, streams: list[str]) -> dict[str, int]:
    """The last record that the ledgers know of each stream."""
    halves = " UNION ALL ".join(
        f"SELECT stream_id, if(entry.offset = {2**64 - 1}, 0, entry.offset) AS folded, "
        f"conflict.offset AS refused FROM {LEDGER.full_name(one)} FINAL "
        "WHERE stream_id IN {streams:Array(String)}"
        for one in pair
    )
    rows = store.rows(
        f"SELECT stream_id, max(greatest(folded, refused)) FROM ({halves}) GROUP BY stream_id",
        {"streams": streams},
    )
    return dict(rows)


def _described(store: Store, pair: Pair, wrong: Collection[_Owner]) -> tuple[Difference, ...]:
    tables = [table for table in TABLES if any(one.table is table for one in wrong)]
    return tuple(
        _difference(store, pair, table, [one.name for one in wrong if one.table is table])
        for table in tables
    )


def _difference(store: Store, pair: Pair, table: Table, names: list[str]) -> Difference:
    params = {"names": names[:_SAMPLE_ROWS]}
    first, second = (
        f"SELECT * FROM ({merged(table, one)}) WHERE {_owner_of(table)} IN {{names:Array(String)}}"
        for one in pair
    )
    counts = [store.scalar(f"SELECT count() FROM ({rows})", params) for rows in (first, second)]
    only = [
        tuple(
            store.rows(
                f"SELECT * FROM ({rows}) WHERE cityHash64(*) NOT IN "
                f"(SELECT cityHash64(*) FROM ({others})) LIMIT {_SAMPLE_ROWS}",
                params,
            )
        )
        for rows, others in ((first, second), (second, first))
    ]
    return Difference(table.name, (counts[0], counts[1]), only[0], only[1])
