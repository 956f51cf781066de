"""Generations: whole sets of tables, of which one is live.

A rebuild makes a new set beside the live one, feeds both, and switches by one
insert, which the engine applies as a whole. A reader asks once per query which
generation is live and uses its tables to the end; the old set is fed until it
is dropped, so nobody reads tables that stand still.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from runstream_server.store.engine import Store
from runstream_server.store.errors import StoreError
from runstream_server.store.meta import write_meta
from runstream_server.store.native import native_block
from runstream_server.store.schema.registers import GENERATIONS
from runstream_server.store.schema.tables import TABLES
from runstream_server.store.schema.views import VIEWS_KEY, view_statements, views_fingerprint

State = Literal["building", "live", "old", "dropped"]


@dataclass(frozen=True)
class Generation:
    number: int
    state: State


def generations(store: Store) -> tuple[Generation, ...]:
    """All but the dropped ones, by number."""
    rows = store.rows(
        "SELECT id, state FROM generations FINAL WHERE state != 'dropped' ORDER BY id"
    )
    return tuple(Generation(number, state) for number, state in rows)


def live_generation(store: Store) -> int:
    """The one that answers queries. Read it once per query."""
    rows = store.rows(
        "SELECT id FROM generations FINAL WHERE state = 'live' ORDER BY id DESC LIMIT 1"
    )
    if not rows:
        raise StoreError("no generation is live")
    number: int = rows[0][0]
    return number


def create_generation(store: Store, state: State = "building") -> int:
    """A new, empty set of tables."""
    highest = store.scalar("SELECT max(id) FROM generations")
    number: int = highest + 1
    create_tables(store, number)
    _write(store, {number: state})
    if state == "live":
        create_views(store, number)
    return number


def clone_generation(store: Store, number: int, *, without: str) -> int:
    """A new generation with the rows that one has now, but for one empty table.

    It is fed on from where the copy is. What says how far it is, is copied first:
    the other tables hold at least that, and more of it changes nothing.
    """
    highest = store.scalar("SELECT max(id) FROM generations")
    clone: int = highest + 1
    create_tables(store, clone)
    for table in reversed(TABLES):
        target, on = table.full_name(clone), store.cluster.on()
        # What a process left that died here before.
        store.command(f"TRUNCATE TABLE {target}{on}")
        if table.name != without:
            source = table.full_name(number)
            store.command(f"ALTER TABLE {target}{on} ATTACH PARTITION ID 'all' FROM {source}")
    _write(store, {clone: "building"})
    return clone


def create_tables(store: Store, number: int) -> None:
    for table in TABLES:
        store.command(table.create(table.full_name(number), store.cluster))


def switch_generation(store: Store, number: int) -> None:
    """Make it the live one; the one before becomes old. Both in one insert."""
    before = live_generation(store)
    if before == number:
        return
    _write(store, {before: "old", number: "live"})
    create_views(store, number)


def create_views(store: Store, number: int) -> None:
    """Point the views for people at this generation."""
    for statement in view_statements(number, store.cluster):
        store.command(statement)
    write_meta(store, VIEWS_KEY, views_fingerprint(number))


def drop_generation(store: Store, number: int) -> None:
    """Delete its tables; it must not be the live one."""
    if live_generation(store) == number:
        raise StoreError(f"generation {number} is live and cannot be dropped")
    _write(store, {number: "dropped"})
    drop_tables(store, number)


def drop_tables(store: Store, number: int) -> None:
    for table in TABLES:
        store.command(f"DROP TABLE IF EXISTS {table.full_name(number)}{store.cluster.on()} SYNC")


def _write(store: Store, states: dict[int, State]) -> None:
    version = store.scalar("SELECT max(version) FROM generations") + 1
    columns = {
        "id": list(states),
        "state": list(states.values()),
        "version": [version] * len(states),
    }
    store.insert_native(
        GENERATIONS.name,
        GENERATIONS.column_names,
        native_block(GENERATIONS.columns, columns, len(states)),
    )
