"""A server whose machine stopped: rows that it had acknowledged are gone."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runstream_server.materialize.materializer import Materializer
from runstream_server.materialize.policy import FlushPolicy
from runstream_server.materialize.replay import ServerRestartedError
from runstream_server.store.engine import Store
from runstream_server.store.generations import live_generation
from runstream_server.store.life import read_moment, with_boot
from runstream_server.store.open import open_store
from tests.integration.materialize.history import rich_history
from tests.integration.materialize.logs import GrowingLog
from tests.integration.materialize.tables import read_tables
from tests.servers.clickhouse import ClickHouse
from tests.servers.fixtures_clickhouse import fresh_address
from tests.unit.folds.oracle import expected


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ClickHouse]:
    one = ClickHouse(tmp_path / "engine")
    one.start()
    yield one
    one.stop()


@pytest.fixture
def store(server: ClickHouse) -> Iterator[Store]:
    opened = open_store(fresh_address(server.url))
    yield opened
    opened.terminate()


def cut_power(server: ClickHouse, store: Store, table: str) -> None:
    """The server dies, and with it what it wrote to one table."""
    deadline = time.monotonic() + 30
    # Two starts within two seconds count as one: no machine starts so quickly.
    while store.scalar("SELECT uptime()") < 5:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    ((paths,),) = store.rows(
        "SELECT data_paths FROM system.tables "
        "WHERE database = currentDatabase() AND name = {name:String}",
        {"name": table},
    )
    server.kill()
    parts = [part for path in paths for part in Path(path).glob("*_*_*_*")]
    assert parts, "nothing was there to be lost"
    for part in parts:
        shutil.rmtree(part)
    server.start()


def drain(owner: Materializer) -> int:
    """To the end of both logs; how often the server was found to be another."""
    found = 0
    while True:
        try:
            if not owner.poll().records:
                return found
        except ServerRestartedError:
            found += 1


def test_what_was_lost_is_folded_again(server: ClickHouse, store: Store) -> None:
    log = GrowingLog()
    history = rich_history()
    log.append(history[:-1])
    policy = FlushPolicy(look_seconds=0)
    generation = live_generation(store)
    owner = Materializer(log.logs, store, generation, identity=log.identity, policy=policy)
    drain(owner)
    owner.poll()
    cut_power(server, store, f"points_{generation}")
    log.append(history[-1:])
    assert drain(owner) == 2, "each of the two logs is read again"
    wanted = expected(log.records)
    assert read_tables(store, generation, list(wanted)) == wanted
    # It is over: the next one begins where the tables are.
    other = Materializer(log.logs, store, generation, identity=log.identity, policy=policy)
    assert other.poll().records == 1, "only the registry is read from its start"


def test_an_idle_process_finds_out(server: ClickHouse, store: Store) -> None:
    log = GrowingLog()
    log.append(rich_history())
    policy = FlushPolicy(look_seconds=0)
    generation = live_generation(store)
    owner = Materializer(log.logs, store, generation, identity=log.identity, policy=policy)
    drain(owner)
    cut_power(server, store, f"tags_{generation}")
    assert drain(owner) == 2, "each of the two logs is read again"
    wanted = expected(log.records)
    assert read_tables(store, generation, list(wanted)) == wanted


def test_a_process_that_starts_later_finds_out(server: ClickHouse, store: Store) -> None:
    log = GrowingLog()
    log.append(rich_history())
    generation = live_generation(store)
    drain(Materializer(log.logs, store, generation, identity=log.identity))
    cut_power(server, store, f"latest_{generation}")
    drain(Materializer(log.logs, store, generation, identity=log.identity))
    wanted = expected(log.records)
    assert read_tables(store, generation, list(wanted)) == wanted


def test_a_server_says_which_life_it_is(server: ClickHouse, store: Store) -> None:
    first, second = read_moment(store), read_moment(store)
    assert first.life.is_same(second.life)
    assert second.now >= first.now
    assert with_boot(store, first.life).host == first.life.host
