"""Bringing the tables of a folder up to date, by numbered steps.

A new folder gets the tables as `tables.py` describes them. A folder of an
older version gets the steps it has not seen: once for the whole store, then
for each of its generations. A step must stand being run twice.
"""

from __future__ import annotations

from dataclasses import dataclass

from runstream_server.store.engine import Store
from runstream_server.store.errors import StoreVersionError
from runstream_server.store.generations import (
    create_generation,
    create_tables,
    drop_tables,
    generations,
    live_generation,
)
from runstream_server.store.meta import read_meta, write_meta
from runstream_server.store.schema.registers import GENERATIONS, META
from runstream_server.store.schema.table import DATABASE
from runstream_server.store.schema.views import create_views

_VERSION_KEY = "schema_version"


@dataclass(frozen=True)
class Migration:
    """What changes from `number - 1` to `number`.

    once: statements for the whole store.
    per_generation: statements in which `{g}` is the number of the generation.
    """

    number: int
    once: tuple[str, ...] = ()
    per_generation: tuple[str, ...] = ()


MIGRATIONS: tuple[Migration, ...] = (Migration(number=1),)

SCHEMA_VERSION = MIGRATIONS[-1].number


def migrate(store: Store, steps: tuple[Migration, ...] = MIGRATIONS) -> None:
    """Idempotent; raises StoreVersionError when the folder is newer."""
    for table in (META, GENERATIONS):
        store.command(table.create(f"{DATABASE}.{table.name}"))
    written = read_meta(store, _VERSION_KEY)
    newest = steps[-1].number
    if written is not None and int(written) > newest:
        raise StoreVersionError(
            f"the tables in {store.folder} are of version {written}, this program knows "
            f"up to {newest}: start a newer version of Runstream; nothing was changed"
        )
    if written is not None:
        _apply(store, [step for step in steps if step.number > int(written)])
    if written is None or int(written) < newest:
        write_meta(store, _VERSION_KEY, str(newest))
    _complete_generations(store)


def _apply(store: Store, steps: list[Migration]) -> None:
    numbers = [generation.number for generation in generations(store)]
    for step in steps:
        for statement in step.once:
            store.command(statement)
        for number in numbers:
            for statement in step.per_generation:
                store.command(statement.replace("{g}", str(number)))


def _complete_generations(store: Store) -> None:
    """Finish what a process that died may have left half done."""
    known = generations(store)
    if not any(generation.state == "live" for generation in known):
        create_generation(store, "live")
        return
    for generation in known:
        create_tables(store, generation.number)
    for (number,) in store.rows(
        f"SELECT id FROM {DATABASE}.generations FINAL WHERE state = 'dropped'"
    ):
        drop_tables(store, number)
    create_views(store, live_generation(store))


def broken_parts(store: Store) -> bool:
    """Did the engine set parts aside at start because they were damaged?"""
    found: int = store.scalar(
        "SELECT count() FROM system.detached_parts "
        f"WHERE database = '{DATABASE}' AND reason LIKE 'broken%'"
    )
    return found > 0
