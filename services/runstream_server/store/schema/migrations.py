"""Bringing the tables up to date, by numbered steps.

A new database gets the tables as `tables.py` describes them. An older one gets
the steps it has not seen: once for the whole store, then for each of its
generations. Where several processes share the store, one does it at a time.
"""

from __future__ import annotations

from runstream_server.store.engine import Store
from runstream_server.store.errors import StoreVersionError
from runstream_server.store.lock import migration_lock
from runstream_server.store.schema.plan import VERSION_KEY, Migration, State, planned
from runstream_server.store.schema.registers import GENERATIONS, META
from runstream_server.store.schema.views import VIEWS_KEY

MIGRATIONS: tuple[Migration, ...] = (
    Migration(number=1),
    # Inputs and outputs of runs, logged models: what the log holds of them already.
    Migration(number=2, rebuild=True),
)

SCHEMA_VERSION = MIGRATIONS[-1].number


def migrate(store: Store, steps: tuple[Migration, ...] = MIGRATIONS) -> None:
    """Idempotent; waits for another process that does it.

    Raises StoreVersionError when the tables are newer.
    """
    if not plan(store, steps):
        return
    with migration_lock(store) as lock:
        # Another process may have done it meanwhile.
        for statement in plan(store, steps):
            lock.check()
            store.command(statement)


def plan(store: Store, steps: tuple[Migration, ...] = MIGRATIONS) -> tuple[str, ...]:
    """The statements that would be run. Raises StoreVersionError."""
    state = read_state(store)
    newest = steps[-1].number
    if state.version is not None and state.version > newest:
        raise StoreVersionError(
            f"the tables in {store.place} are of version {state.version}, this program knows "
            f"up to {newest}: start a newer version of Runstream; nothing was changed"
        )
    return planned(state, steps, store.cluster)


def read_state(store: Store) -> State:
    """What the database holds now."""
    tables = frozenset(
        name
        for (name,) in store.rows(
            "SELECT name FROM system.tables WHERE database = currentDatabase()"
        )
    )
    facts: dict[str, str] = {}
    if META.name in tables:
        facts = dict(
            store.rows(
                "SELECT key, value FROM meta FINAL WHERE key IN {keys:Array(String)}",
                {"keys": [VERSION_KEY, VIEWS_KEY]},
            )
        )
    known: list[tuple[int, str, int]] = []
    if GENERATIONS.name in tables:
        known = [
            (number, state, version)
            for number, state, version in store.rows(
                "SELECT id, state, version FROM generations FINAL ORDER BY id"
            )
        ]
    return State(
        tables,
        int(facts[VERSION_KEY]) if VERSION_KEY in facts else None,
        tuple((number, state) for number, state, _ in known),
        max((version for _, _, version in known), default=0),
        facts.get(VIEWS_KEY, ""),
    )


def broken_parts(store: Store) -> bool:
    """Did the engine set parts aside at start because they were damaged?"""
    found: int = store.scalar(
        "SELECT count() FROM system.detached_parts "
        "WHERE database = currentDatabase() AND reason LIKE 'broken%'"
    )
    return found > 0
