"""Statements that make tables."""

from __future__ import annotations

import pytest

from runstream_server.store.cluster import Cluster
from runstream_server.store.native import encoder
from runstream_server.store.schema.migrations import MIGRATIONS
from runstream_server.store.schema.table import Column, Projection, Table
from runstream_server.store.schema.tables import TABLES


def test_a_statement_says_it_all() -> None:
    table = Table(
        name="t",
        columns=(Column("k", "Int64", codec="Delta, LZ4"), Column("v", "String", "min")),
        order_by=("k",),
        merge="aggregate",
        settings=("index_granularity = 128",),
    )
    assert table.full_name(3) == "t_3"
    assert table.create("x") == (
        "CREATE TABLE IF NOT EXISTS x (`k` Int64 CODEC(Delta, LZ4), "
        "`v` SimpleAggregateFunction(min, String)) ENGINE = AggregatingMergeTree "
        "ORDER BY (k) SETTINGS auto_statistics_types = '', index_granularity = 128"
    )


def test_a_projection_is_kept_through_merges_and_deletes() -> None:
    table = Table(
        name="t",
        columns=(Column("k", "Int64"), Column("v", "String", "min")),
        order_by=("k",),
        merge="aggregate",
        projections=(Projection("by_v", ("v", "k"), ("v",)),),
    )
    assert table.create("x") == (
        "CREATE TABLE IF NOT EXISTS x (`k` Int64, `v` SimpleAggregateFunction(min, String), "
        "PROJECTION by_v (SELECT v, k ORDER BY v)) ENGINE = AggregatingMergeTree ORDER BY (k) "
        "SETTINGS auto_statistics_types = '', deduplicate_merge_projection_mode = 'rebuild'"
    )
    assert table.delete("x", "k = 1") == (
        "ALTER TABLE x DELETE WHERE k = 1 SETTINGS mutations_sync = 2"
    )


def test_on_a_cluster_the_engine_is_the_replicated_one() -> None:
    table = Table("t", (Column("k", "Int64"), Column("v", "UInt8")), ("k",), "replace", "v")
    assert table.create("t_1", Cluster("main")) == (
        "CREATE TABLE IF NOT EXISTS t_1 ON CLUSTER 'main' (`k` Int64, `v` UInt8) "
        "ENGINE = ReplicatedReplacingMergeTree(v) ORDER BY (k) SETTINGS auto_statistics_types = ''"
    )


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_can_be_inserted(table: Table) -> None:
    assert all(encoder(column.block_type) for column in table.columns)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_column_merges(table: Table) -> None:
    """A column outside the key is aggregated, or the table says which row stays."""
    rest = [column for column in table.columns if column.name not in table.order_by]
    if table.merge == "aggregate":
        assert all(column.aggregate for column in rest)
    else:
        assert not any(column.aggregate for column in rest)
        assert (table.merge == "replace") == bool(table.version)


def test_migrations_are_numbered_without_holes() -> None:
    assert [step.number for step in MIGRATIONS] == list(range(1, len(MIGRATIONS) + 1))
