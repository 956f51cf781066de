"""What is done to the tables, given what there is."""

from __future__ import annotations

import pytest

from runstream_server.store.cluster import ONE_SERVER, Cluster
from runstream_server.store.schema.migrations import MIGRATIONS
from runstream_server.store.schema.plan import Migration, State, planned
from runstream_server.store.schema.tables import TABLES
from runstream_server.store.schema.views import VIEWS, views_fingerprint

NEWEST = MIGRATIONS[-1].number


def tables_of(*numbers: int) -> frozenset[str]:
    return frozenset(
        {"meta", "generations", *VIEWS}
        | {table.full_name(number) for table in TABLES for number in numbers}
    )


def complete(*generations: tuple[int, str], live: int = 1) -> State:
    numbers = (number for number, state in generations if state != "dropped")
    return State(tables_of(*numbers), NEWEST, generations, 3, views_fingerprint(live))


def test_a_new_database_gets_everything() -> None:
    statements = planned(State(), MIGRATIONS, ONE_SERVER)
    made = [text.split("(")[0].split()[5] for text in statements if text.startswith("CREATE TABLE")]
    assert made == ["meta", "generations", *(table.full_name(1) for table in TABLES)]
    assert f"VALUES ('schema_version', '{NEWEST}'" in statements[2]
    assert "VALUES (1, 'live', 1)" in statements[3 + len(TABLES)]
    assert sum(text.startswith("CREATE OR REPLACE VIEW") for text in statements) == len(VIEWS)


def test_nothing_is_done_to_what_is_complete() -> None:
    assert planned(complete((1, "live")), MIGRATIONS, ONE_SERVER) == ()


def test_steps_run_once_and_for_each_generation() -> None:
    steps = (
        Migration(NEWEST),
        Migration(
            NEWEST + 1,
            once=("CREATE TABLE extra{on_cluster} (a UInt8) ENGINE = Log",),
            per_generation=("ALTER TABLE tags_{g} ADD COLUMN extra UInt8",),
        ),
    )
    state = complete((1, "live"), (2, "building"), (3, "dropped"))
    assert planned(state, steps, Cluster("main"))[:-1] == (
        "CREATE TABLE extra ON CLUSTER 'main' (a UInt8) ENGINE = Log",
        "ALTER TABLE tags_1 ADD COLUMN extra UInt8",
        "ALTER TABLE tags_2 ADD COLUMN extra UInt8",
    )
    assert f"'{NEWEST + 1}'" in planned(state, steps, ONE_SERVER)[-1]


def test_a_step_may_ask_for_a_rebuild() -> None:
    steps = (Migration(NEWEST), Migration(NEWEST + 1, rebuild=True))
    *made, asked, version = planned(complete((1, "live"), (2, "building")), steps, ONE_SERVER)
    assert [text.split()[5] for text in made] == [table.full_name(3) for table in TABLES]
    assert asked.endswith("VALUES (3, 'building', 4), (2, 'dropped', 4)")
    assert f"'{NEWEST + 1}'" in version
    new = planned(State(), steps, ONE_SERVER)
    assert not any("building" in text for text in new)


def test_what_was_left_half_done_is_finished() -> None:
    state = complete((1, "live"), (2, "dropped"), (3, "building"))
    state = State(
        state.tables - {"points_3"} | {"tags_2"},
        state.version,
        state.generations,
        state.generations_version,
        state.views,
    )
    drop, create = planned(state, MIGRATIONS, ONE_SERVER)
    assert drop == "DROP TABLE IF EXISTS tags_2 SYNC"
    assert create.startswith("CREATE TABLE IF NOT EXISTS points_3 (")


def test_views_follow_the_live_generation() -> None:
    state = complete((1, "old"), (2, "live"), live=1)
    statements = planned(state, MIGRATIONS, ONE_SERVER)
    assert len(statements) == len(VIEWS) + 1
    assert "points_2" in statements[0]


def test_without_a_live_generation_the_next_one_is_made() -> None:
    statements = planned(complete((4, "dropped")), MIGRATIONS, ONE_SERVER)
    assert statements[0].startswith("CREATE TABLE IF NOT EXISTS points_5 (")
    assert "INSERT INTO generations (id, state, version) VALUES (5, 'live', 4)" in statements


class TestCluster:
    """What cannot be run without Keeper: the text."""

    def test_every_definition_goes_to_every_replica(self) -> None:
        state = complete((1, "old"), (2, "dropped"))
        state = State(state.tables | {"tags_2"}, None, state.generations, 3, "")
        for text in (
            *planned(State(), MIGRATIONS, Cluster("main")),
            *planned(state, MIGRATIONS, Cluster("main")),
        ):
            if text.startswith(("CREATE", "DROP")):
                assert " ON CLUSTER 'main'" in text
            else:
                assert text.startswith("INSERT INTO ")
            if text.startswith("CREATE TABLE"):
                assert "ENGINE = Replicated" in text

    @pytest.mark.parametrize(
        ("setting", "value"),
        [
            ("insert_quorum", "2"),
            ("insert_quorum_parallel", "1"),
            ("mutations_sync", "2"),
            ("alter_sync", "2"),
            ("distributed_ddl_output_mode", "throw_only_active"),
        ],
    )
    def test_every_statement_is_sent_with_its_settings(self, setting: str, value: str) -> None:
        assert Cluster("main").settings()[setting] == value
        assert ONE_SERVER.settings() == {}
