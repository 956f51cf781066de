"""The engine: handles, migrations, and tables that cannot be trusted."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from runstream_server.store import boot
from runstream_server.store.engine import Store
from runstream_server.store.errors import StoreError, StoreVersionError
from runstream_server.store.generations import (
    Generation,
    create_generation,
    drop_generation,
    generations,
    live_generation,
    switch_generation,
)
from runstream_server.store.meta import read_meta, write_meta
from runstream_server.store.open import open_store
from runstream_server.store.schema.migrations import MIGRATIONS, SCHEMA_VERSION, migrate
from runstream_server.store.schema.plan import Migration
from runstream_server.store.schema.views import VIEWS


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(tmp_path)
    yield opened
    opened.terminate()


def test_a_new_store_has_one_live_generation(store: Store) -> None:
    assert generations(store) == (Generation(1, "live"),)
    for view in VIEWS:
        assert store.rows(f"SELECT * FROM {view}") == []


def test_the_answer_after_an_error_is_its_own(store: Store) -> None:
    for _ in range(5):
        with pytest.raises(StoreError, match="throwIf"):
            store.query(
                "SELECT number, throwIf(number = 150000) FROM numbers(200000) "
                "SETTINGS max_block_size = 1000"
            )
        assert store.rows("SELECT 42") == [(42,)]


def test_every_thread_may_ask(store: Store) -> None:
    answers: list[int] = []
    threads = [
        threading.Thread(
            target=lambda number=number: answers.append(store.scalar(f"SELECT {number}"))
        )
        for number in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == list(range(8))


def test_a_failed_insert_is_an_error(store: Store) -> None:
    with pytest.raises(StoreError):
        store.insert_native("meta", ["key"], b"no block")
    assert live_generation(store) == 1


def test_a_switch_moves_views(store: Store) -> None:
    second = create_generation(store)
    assert generations(store) == (Generation(1, "live"), Generation(second, "building"))
    store.command(f"INSERT INTO experiments_{second} (experiment_id) VALUES (5)")
    assert store.rows("SELECT experiment_id FROM experiments") == []
    switch_generation(store, second)
    assert store.rows("SELECT experiment_id FROM experiments") == [(5,)]
    with pytest.raises(StoreError, match="is live"):
        drop_generation(store, second)
    drop_generation(store, 1)
    assert generations(store) == (Generation(second, "live"),)


def test_a_closed_store_keeps_everything(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write_meta(store, "fact", "kept")
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.rows("SELECT 1")
    again = open_store(tmp_path)
    assert read_meta(again, "fact") == "kept"
    again.close()


def test_a_half_made_drop_is_finished(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    second = create_generation(store)
    store.command(f"INSERT INTO generations (id, state, version) VALUES ({second}, 'dropped', 99)")
    store.close()
    again = open_store(tmp_path)
    assert again.rows(f"SELECT name FROM system.tables WHERE name = 'points_{second}'") == []
    again.terminate()


def test_after_an_unclean_stop_of_the_machine_tables_are_built_anew(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write_meta(store, "fact", "perhaps lost")
    store.terminate()
    boot.mark_running(tmp_path, "boot before")
    again = open_store(tmp_path)
    assert read_meta(again, "fact") is None
    assert live_generation(again) == 1
    again.terminate()


def test_tables_of_a_newer_version_are_left_alone(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    write_meta(store, "schema_version", "99")
    store.close()
    with pytest.raises(StoreVersionError, match=r"version 99.*start a newer version"):
        open_store(tmp_path)


def test_an_older_version_is_migrated_once(store: Store) -> None:
    create_generation(store)
    newer = SCHEMA_VERSION + 1
    steps = (
        *MIGRATIONS,
        Migration(
            number=newer,
            once=("CREATE TABLE extra (a UInt8) ENGINE = MergeTree ORDER BY a",),
            per_generation=("ALTER TABLE tags_{g} ADD COLUMN extra UInt8",),
        ),
    )
    for _ in range(2):
        migrate(store, steps)
    assert read_meta(store, "schema_version") == str(newer)
    columns = store.rows(
        "SELECT table FROM system.columns WHERE name = 'extra' AND database = 'runstream' "
        "ORDER BY table"
    )
    assert columns == [("tags_1",), ("tags_2",)]
