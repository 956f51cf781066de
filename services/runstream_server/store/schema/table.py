"""What a table is: its columns, engine and order, and the statement that makes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from runstream_server.store.cluster import ONE_SERVER, Cluster

# Of every table. Statistics of columns would be made anew by every merge, and
# no query of ours is planned by them.
_SETTINGS = ("auto_statistics_types = ''",)


@dataclass(frozen=True)
class Column:
    """One column.

    type: the type of a value.
    sent_as: the type that an inserted block declares, where it is another one;
        the engine converts.
    aggregate: rows of one sort key become one by this function; empty for a
        plain column.
    codec: how the column lies on disk, where the default is not the best.
    """

    name: str
    type: str
    aggregate: Literal["", "min", "max"] = ""
    codec: str = ""
    sent_as: str = ""

    @property
    def block_type(self) -> str:
        return self.sent_as or self.type

    def ddl(self) -> str:
        declared = (
            f"SimpleAggregateFunction({self.aggregate}, {self.type})"
            if self.aggregate
            else self.type
        )
        return f"`{self.name}` {declared}" + (f" CODEC({self.codec})" if self.codec else "")


@dataclass(frozen=True)
class Projection:
    """A second copy of some columns in another order, which the engine keeps.

    It reads the copy by itself where a statement asks for no other columns and
    not for FINAL. Like the rows it is of, the copy is merged now and then: the
    same rules hold for who reads it.
    """

    name: str
    columns: tuple[str, ...]
    order_by: tuple[str, ...]

    def ddl(self) -> str:
        return (
            f"PROJECTION {self.name} "
            f"(SELECT {', '.join(self.columns)} ORDER BY {', '.join(self.order_by)})"
        )


# Of tables with projections: a merge makes the copy anew from the rows that are
# left. The engine's default is to refuse such a table. A lightweight DELETE stays
# refused: the engine leaves the deleted rows in the copy, whatever it is told to do
# with it (https://github.com/ClickHouse/ClickHouse/issues/111791).
_PROJECTION_SETTINGS = ("deduplicate_merge_projection_mode = 'rebuild'",)

# Of tables that a search reads by single rows: less is unpacked for each one.
FINE_GRAINED = (
    "index_granularity = 1024",
    "min_compress_block_size = 8192",
    "max_compress_block_size = 65536",
)


@dataclass(frozen=True)
class Table:
    """One table of a generation; its full name carries the generation's number.

    merge: what rows with the same sort key become: "aggregate" (each column by
        its function), "replace" (`version` decides which row stays), or "set"
        (they are equal, one stays).
    """

    name: str
    columns: tuple[Column, ...]
    order_by: tuple[str, ...]
    merge: Literal["aggregate", "replace", "set"]
    version: str = ""
    deleted: str = ""
    settings: tuple[str, ...] = ()
    projections: tuple[Projection, ...] = ()

    def full_name(self, generation: int) -> str:
        return f"{self.name}_{generation}"

    @property
    def column_names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def engine(self) -> str:
        if self.merge == "aggregate":
            return "AggregatingMergeTree"
        arguments = ", ".join(part for part in (self.version, self.deleted) if part)
        return f"ReplacingMergeTree({arguments})"

    def create(self, full_name: str, cluster: Cluster = ONE_SERVER) -> str:
        contents = ", ".join(
            [column.ddl() for column in self.columns]
            + [projection.ddl() for projection in self.projections]
        )
        kept = _PROJECTION_SETTINGS if self.projections else ()
        settings = ", ".join((*_SETTINGS, *kept, *self.settings))
        return (
            f"CREATE TABLE IF NOT EXISTS {full_name}{cluster.on()} ({contents}) "
            f"ENGINE = {cluster.engine(self.engine())} "
            f"ORDER BY ({', '.join(self.order_by)}) SETTINGS {settings}"
        )

    def delete(self, full_name: str, where: str) -> str:
        """The statement that deletes rows; they are gone when it returns."""
        if self.projections:
            # Writes the parts that hold them anew: a second for a million rows.
            return f"ALTER TABLE {full_name} DELETE WHERE {where} SETTINGS mutations_sync = 2"
        return f"DELETE FROM {full_name} WHERE {where}"
