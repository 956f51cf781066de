"""The store on a server that dies, stands still, refuses, and loses answers."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from runstream.v1 import events_pb2 as pb
from runstream_server.materialize.compare import compare_generations
from runstream_server.materialize.materializer import Materializer
from runstream_server.materialize.policy import FlushPolicy
from runstream_server.store.address import parse_address
from runstream_server.store.codes import SYSTEMIC, TRANSIENT
from runstream_server.store.engine import Store
from runstream_server.store.errors import RowsRefusedError, StoreError, StoreUnavailableError
from runstream_server.store.generations import create_generation, drop_generation, live_generation
from runstream_server.store.meta import read_meta, write_meta
from runstream_server.store.open import open_store
from runstream_server.store.schema.tables import TABLE_BY_NAME, TABLES
from runstream_server.store.server_engine import ServerPolicy
from tests.integration.materialize.history import rich_history
from tests.integration.materialize.logs import GrowingLog
from tests.integration.materialize.tables import read_tables
from tests.servers.clickhouse import ClickHouse
from tests.servers.fixtures_clickhouse import fresh_address
from tests.servers.tcp_proxy import TcpProxy
from tests.unit.folds.batches import OTHER_RUN, RUN, Point, created, metrics, params, record
from tests.unit.folds.oracle import expected

PASSWORD = "ge heim&@1"
QUICK = ServerPolicy(retry_first_seconds=0.01, retry_longest_seconds=0.2)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    """One that may be killed."""
    one = ClickHouse(tmp_path_factory.mktemp("killed") / "engine", password=PASSWORD)
    one.start()
    yield one
    one.stop()


@pytest.fixture
def store(server: ClickHouse) -> Iterator[Store]:
    opened = open_store(fresh_address(server.url), policy=QUICK)
    yield opened
    opened.terminate()


@pytest.fixture
def proxy(server: ClickHouse) -> Iterator[TcpProxy]:
    one = TcpProxy(server.port)
    yield one
    one.close()


@pytest.fixture
def proxied(server: ClickHouse, proxy: TcpProxy) -> Iterator[Store]:
    url = server.url.replace(str(server.port), str(proxy.port))
    opened = open_store(fresh_address(url), policy=QUICK)
    yield opened
    opened.terminate()


def long_history(batches: int) -> list[pb.AppendRequest]:
    requests = []
    for run in (RUN, OTHER_RUN):
        contents = [[created("one")]] + [
            [
                params(**{f"p{seq}": str(seq)}),
                metrics(*(Point("loss", seq * 50 + n, n, n / 7) for n in range(50))),
            ]
            for seq in range(2, batches + 2)
        ]
        requests += [
            pb.AppendRequest.FromString(record(*events, seq=seq, stream_id=run))
            for seq, events in enumerate(contents, 1)
        ]
    return requests


def test_codes_have_the_engines_names(store: Store) -> None:
    for code, name in (TRANSIENT | SYSTEMIC).items():
        found = store.scalar("SELECT errorCodeToName({code:Int32})", {"code": code})
        assert found == name, code


def test_a_database_of_its_own_is_made(server: ClickHouse, store: Store) -> None:
    other = open_store(fresh_address(server.url))
    write_meta(store, "fact", "mine")
    assert (read_meta(store, "fact"), read_meta(other, "fact")) == ("mine", None)
    other.close()
    with pytest.raises(StoreError, match="closed"):
        other.rows("SELECT 1")


def test_a_statement_waits_for_a_server_that_starts_again(server: ClickHouse, store: Store) -> None:
    server.kill()
    starting = threading.Timer(0.3, server.start)
    starting.start()
    assert store.rows("SELECT 42") == [(42,)]
    starting.join()


def test_a_server_that_is_away_is_an_error_after_a_while(server: ClickHouse) -> None:
    address = fresh_address(server.url)
    open_store(address).close()
    impatient = ServerPolicy(connect_seconds=1, read_seconds=1, retry_within_seconds=0.0)
    store = open_store(address, policy=impatient)
    server.pause()
    try:
        with pytest.raises(StoreUnavailableError, match="timed out"):
            store.rows("SELECT 1")
    finally:
        server.resume()
    assert store.rows("SELECT 1") == [(1,)]
    store.close()


def test_what_does_not_pass_is_raised_at_once_with_its_code(store: Store) -> None:
    patient = 60.0
    began = time.monotonic()
    with pytest.raises(StoreError) as raised:
        store.rows("SELECT * FROM nowhere")
    assert (type(raised.value), raised.value.code) == (StoreError, 60)
    with pytest.raises(RowsRefusedError):
        store.insert_native("meta", ["key"], b"\x01\x01\x03key\x06String")
    assert time.monotonic() - began < patient


def test_too_many_parts_are_waited_for(store: Store) -> None:
    store.command("ALTER TABLE meta MODIFY SETTING parts_to_throw_insert = 3")
    store.command("ALTER TABLE meta MODIFY SETTING parts_to_delay_insert = 2")
    store.command("SYSTEM STOP MERGES meta")
    done = threading.Event()

    def merge() -> None:
        while not done.wait(0.3):
            store.command("SYSTEM START MERGES meta")
            store.command("OPTIMIZE TABLE meta FINAL")

    merging = threading.Thread(target=merge)
    merging.start()
    for number in range(6):
        write_meta(store, f"fact {number}", "kept")
    done.set()
    merging.join()
    assert read_meta(store, "fact 5") == "kept"


class TestSecrets:
    def test_are_in_no_error_log_or_repr(
        self, server: ClickHouse, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        good = fresh_address(server.url)
        store = open_store(good, policy=ServerPolicy(retry_within_seconds=0.0))
        shown = [repr(good), str(good), repr(store), store.place, repr(vars(store))]
        for statement in ("SELECT * FROM nowhere", f"SELECT throwIf(1, '{PASSWORD}')"):
            with pytest.raises(StoreError) as raised:
                store.rows(statement)
            shown.append("".join(traceback.format_exception(raised.value)))
        server.kill()
        with pytest.raises(StoreUnavailableError) as lost:
            store.rows("SELECT 1")
        server.start()
        shown.append(str(lost.value))
        store.close()
        wrong = parse_address(f"http://default:wr0ng@127.0.0.1:{server.port}/x")
        with pytest.raises(StoreError) as refused:
            open_store(wrong)
        assert refused.value.code == 516
        shown += [str(refused.value), caplog.text]
        assert not any(secret in text for text in shown for secret in (PASSWORD, "wr0ng"))


class TestLostAnswers:
    def test_rows_that_were_inserted_twice_change_no_read(
        self, proxied: Store, proxy: TcpProxy
    ) -> None:
        log = GrowingLog()
        log.append(rich_history())
        generation, calm = live_generation(proxied), create_generation(proxied)
        Materializer(log.logs, proxied, calm, identity=log.identity).poll()
        for table in TABLES:
            # With plus signs where the statement stands in the URL, before packed rows.
            insert = f"INSERT[ +]INTO[ +]{table.full_name(generation)}[ +]"
            proxy.lose_answer(insert.encode())
        Materializer(log.logs, proxied, generation, identity=log.identity).poll()
        # This history has rows for all but the tombstones.
        assert proxy.lost == len(TABLES) - 1
        wanted = expected(log.records)
        assert read_tables(proxied, generation, list(wanted)) == wanted
        assert compare_generations(proxied, generation, calm) == ()
        ledger = TABLE_BY_NAME["ledger"].full_name(generation)
        assert proxied.scalar(f"SELECT count() > uniqExact(stream_id, seq) FROM {ledger}")

    def test_tables_change_places_once(self, proxied: Store, proxy: TcpProxy) -> None:
        for name in ("left", "right"):
            proxied.command(f"CREATE TABLE {name} (a UInt8) ENGINE = MergeTree ORDER BY a")
        proxied.command("INSERT INTO left VALUES (1)")
        proxy.lose_answer(b"EXCHANGE TABLES left")
        with pytest.raises(StoreUnavailableError):
            proxied.command("EXCHANGE TABLES left AND right", repeat=False)
        assert proxied.rows("SELECT a FROM right") == [(1,)]


def test_nothing_is_lost_or_doubled_when_the_server_is_killed_under_inserts(
    server: ClickHouse, store: Store
) -> None:
    log = GrowingLog()
    log.append(long_history(60))
    generation = live_generation(store)
    policy = FlushPolicy(
        poll_bytes=4000, pause_seconds=0, wait_seconds=0.01, retry_longest_seconds=0.2
    )
    owner = Materializer(log.logs, store, generation, identity=log.identity, policy=policy)
    stop = threading.Event()
    feeding = threading.Thread(target=owner.run, args=(stop,))
    feeding.start()
    try:
        for round_ in range(3):
            held = sum(owner.applied().values())
            deadline = time.monotonic() + 60
            while sum(owner.applied().values()) < min(held + 8, 122):
                assert time.monotonic() < deadline, f"nothing moves in round {round_}"
            server.kill()
            server.start()
        deadline = time.monotonic() + 120
        while owner.applied().get(("events", 0), 0) + owner.applied().get(("events", 1), 0) < 122:
            assert time.monotonic() < deadline, "it did not come to the end"
            time.sleep(0.05)
    finally:
        stop.set()
        feeding.join()
    wanted = expected(log.records)
    assert read_tables(store, generation, list(wanted)) == wanted
    calm = create_generation(store)
    other = Materializer(log.logs, store, calm, identity=log.identity)
    while other.poll().records:
        pass
    assert compare_generations(store, generation, calm) == ()
    drop_generation(store, calm)


def test_a_folder_and_a_server_are_opened_alike(tmp_path: Path, server: ClickHouse) -> None:
    for where in (tmp_path, fresh_address(server.url)):
        opened = open_store(where)
        assert live_generation(opened) == 1
        opened.close()
