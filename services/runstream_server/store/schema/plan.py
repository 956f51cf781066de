"""What has to be done to the tables, as statements; made from their state alone.

The same list is printed by `runstream migrate --dry-run` and carried out at
start. Every statement stands being run twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runstream_server.store.cluster import Cluster
from runstream_server.store.schema.registers import GENERATIONS, META
from runstream_server.store.schema.tables import TABLES
from runstream_server.store.schema.views import (
    VIEWS,
    VIEWS_KEY,
    view_statements,
    views_fingerprint,
)

VERSION_KEY = "schema_version"


@dataclass(frozen=True)
class Migration:
    """What changes from `number - 1` to `number`.

    once: statements for the whole store.
    per_generation: statements in which `{g}` is the number of the generation.
    In both, `{on_cluster}` has to follow the name in CREATE, DROP, RENAME and
    EXCHANGE; ALTER, which replicas pass on themselves, goes without.
    rebuild: no statement brings the rows that exist to it, so a new generation
    is built from the log.
    """

    number: int
    once: tuple[str, ...] = ()
    per_generation: tuple[str, ...] = ()
    rebuild: bool = False


@dataclass(frozen=True)
class State:
    """What a database holds.

    version: of the schema; None in a new database.
    generations: number and state, the dropped ones too.
    generations_version: the greatest of that table's rows.
    views: fingerprint of the views that were made last.
    """

    tables: frozenset[str] = frozenset()
    version: int | None = None
    generations: tuple[tuple[int, str], ...] = ()
    generations_version: int = 0
    views: str = ""

    @property
    def live(self) -> int | None:
        found = [number for number, state in self.generations if state == "live"]
        return max(found, default=None)


def planned(state: State, steps: Sequence[Migration], cluster: Cluster) -> tuple[str, ...]:
    """The statements, in order; none when everything is as it should be."""
    newest = steps[-1].number
    statements = [
        table.create(table.name, cluster)
        for table in (META, GENERATIONS)
        if table.name not in state.tables
    ]
    if state.version is not None:
        pending = [step for step in steps if step.number > state.version]
        statements += _steps(state, pending, cluster)
        if state.live is not None and any(step.rebuild for step in pending):
            statements += _rebuild(state, cluster)
    if state.version is None or state.version < newest:
        statements.append(set_meta(VERSION_KEY, str(newest)))
    statements += _generations(state, cluster)
    return tuple(statements)


def set_meta(key: str, value: str) -> str:
    """A statement that sets a small fact; see `meta.py`."""
    return (
        f"INSERT INTO meta (key, value, version) "
        f"VALUES ('{key}', '{value}', toUnixTimestamp64Nano(now64(9)))"
    )


def _steps(state: State, steps: Sequence[Migration], cluster: Cluster) -> Iterator[str]:
    numbers = [number for number, kind in state.generations if kind != "dropped"]
    for step in steps:
        for statement in step.once:
            yield statement.replace("{on_cluster}", cluster.on())
        for number in numbers:
            for statement in step.per_generation:
                named = statement.replace("{g}", str(number))
                yield named.replace("{on_cluster}", cluster.on())


def _rebuild(state: State, cluster: Cluster) -> Iterator[str]:
    """A generation to be built; one that was being built lacks what is new, too."""
    number = max(number for number, _ in state.generations) + 1
    yield from (table.create(table.full_name(number), cluster) for table in TABLES)
    version = state.generations_version + 1
    given_up = [known for known, kind in state.generations if kind == "building"]
    rows = [(number, "building"), *((known, "dropped") for known in given_up)]
    values = ", ".join(f"({known}, '{kind}', {version})" for known, kind in rows)
    yield f"INSERT INTO generations (id, state, version) VALUES {values}"


def _generations(state: State, cluster: Cluster) -> Iterator[str]:
    """What a process that died may have left half done is finished, too."""
    for number, kind in state.generations:
        for table in TABLES:
            name = table.full_name(number)
            if kind == "dropped" and name in state.tables:
                yield f"DROP TABLE IF EXISTS {name}{cluster.on()} SYNC"
            elif kind != "dropped" and name not in state.tables:
                yield table.create(name, cluster)
    live = state.live
    if live is None:
        live = max((number for number, _ in state.generations), default=0) + 1
        yield from (table.create(table.full_name(live), cluster) for table in TABLES)
        yield (
            "INSERT INTO generations (id, state, version) "
            f"VALUES ({live}, 'live', {state.generations_version + 1})"
        )
    if state.views != views_fingerprint(live) or not VIEWS.keys() <= state.tables:
        yield from view_statements(live, cluster)
        yield set_meta(VIEWS_KEY, views_fingerprint(live))
