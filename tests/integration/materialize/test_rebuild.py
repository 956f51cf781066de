"""Rebuilt tables equal the live ones, row for row."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from runstream.v1 import events_pb2 as pb
from runstream_server.events.folds.views import VIEWS
from runstream_server.materialize.compare import compare_generations
from runstream_server.materialize.feeder import Feeder
from runstream_server.materialize.materializer import Materializer
from runstream_server.materialize.policy import FlushPolicy
from runstream_server.materialize.progress import Progress
from runstream_server.materialize.rebuild import rebuild, request_rebuild
from runstream_server.materialize.view_rebuild import requested_view
from runstream_server.store.engine import Store
from runstream_server.store.errors import StoreError
from runstream_server.store.generations import (
    Generation,
    create_generation,
    generations,
    live_generation,
    switch_generation,
)
from runstream_server.store.open import open_store
from runstream_server.store.schema.params import PARAMS
from runstream_server.store.schema.tables import TABLE_BY_NAME
from tests.integration.materialize.history import rich_history
from tests.integration.materialize.logs import GrowingLog
from tests.integration.materialize.tables import read_tables
from tests.servers.fixtures_clickhouse import PLACES, place
from tests.unit.folds.batches import Point, metrics, params, record
from tests.unit.folds.oracle import expected

SMALL = FlushPolicy(poll_bytes=1, rows_max=1)
QUICK = FlushPolicy(
    poll_bytes=2000, pause_seconds=0, wait_seconds=0.01, tend_seconds=0.01, old_kept_seconds=0.2
)


@pytest.fixture(params=PLACES)
def store(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    opened = open_store(place(request, tmp_path_factory))
    yield opened
    opened.terminate()


@pytest.fixture
def log() -> GrowingLog:
    log = GrowingLog()
    log.append(rich_history())
    return log


def feed(log: GrowingLog, store: Store, generation: int, policy: FlushPolicy = SMALL) -> None:
    owner = Materializer(log.logs, store, generation, identity=log.identity, policy=policy)
    while owner.poll().records:
        pass


def eventually(check: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)


def test_generations_of_one_log_are_equal(store: Store, log: GrowingLog) -> None:
    feed(log, store, 1)
    second = create_generation(store)
    feed(log, store, second, FlushPolicy())
    assert compare_generations(store, 1, second) == ()


def test_a_difference_is_shown(store: Store, log: GrowingLog) -> None:
    feed(log, store, 1)
    second = create_generation(store)
    feed(log, store, second)
    store.command(PARAMS.delete(PARAMS.full_name(second), "key = 'q'"))
    (found,) = compare_generations(store, 1, second)
    assert (found.table, found.rows) == ("params", (2, 1))
    assert [row[1] for row in found.only_first] == ["q"]
    assert found.only_second == ()


def test_everything_is_rebuilt_and_switched(store: Store, log: GrowingLog) -> None:
    feed(log, store, 1)
    store.command("TRUNCATE TABLE points_1")
    seen: list[Progress] = []
    assert rebuild(log.logs, store, identity=log.identity, policy=SMALL, progress=seen.append)
    assert generations(store) == (Generation(2, "live"),)
    wanted = expected(log.records)
    assert read_tables(store, 2, list(wanted)) == wanted
    assert store.scalar("SELECT count() FROM points") == len(wanted["points"])
    assert (seen[-1].done_records, seen[-1].total_records) == (len(log.records),) * 2


def test_a_rebuild_that_was_broken_off_goes_on(store: Store, log: GrowingLog) -> None:
    feed(log, store, 1)
    stop = threading.Event()
    seen: list[Progress] = []

    def break_off(progress: Progress) -> None:
        seen.append(progress)
        if progress.done_records >= 4:
            stop.set()

    assert not rebuild(
        log.logs, store, identity=log.identity, policy=SMALL, progress=break_off, stop=stop
    )
    assert live_generation(store) == 1
    more: list[Progress] = []
    assert rebuild(log.logs, store, identity=log.identity, policy=SMALL, progress=more.append)
    assert generations(store) == (Generation(2, "live"),)
    assert more[0].done_records > seen[-1].done_records
    wanted = expected(log.records)
    assert read_tables(store, 2, list(wanted)) == wanted


@pytest.mark.parametrize("store", ["folder"], indirect=True)
@pytest.mark.parametrize("view", [view.name for view in VIEWS])
def test_one_view_is_rebuilt(store: Store, log: GrowingLog, view: str) -> None:
    feed(log, store, 1)
    store.command(f"TRUNCATE TABLE {TABLE_BY_NAME[view].full_name(1)}")
    assert rebuild(log.logs, store, identity=log.identity, only=view, policy=SMALL)
    wanted = expected(log.records)
    assert read_tables(store, 1, list(wanted)) == wanted
    assert requested_view(store) is None
    assert not store.rows("SELECT name FROM system.tables WHERE name LIKE '%again%'")


def test_an_unknown_view_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="there are points, rollup"):
        request_rebuild(store, only="nothing")


def test_one_view_at_a_time(store: Store) -> None:
    request_rebuild(store, only="points")
    request_rebuild(store, only="points")
    with pytest.raises(StoreError, match="points is being built again"):
        request_rebuild(store, only="tags")


class Load:
    """Appends for as long as it is not told to stop."""

    def __init__(self, log: GrowingLog) -> None:
        self._log = log
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        for seq in range(1, 100_000):
            events = [metrics(Point("load", seq, 1, float(seq))), params(**{f"p{seq}": "1"})]
            value = record(*events, seq=seq, producer_id=b"l" * 16)
            self._log.append([pb.AppendRequest.FromString(value)])
            if self._stop.wait(0.002):
                return


@pytest.fixture
def feeding(store: Store, log: GrowingLog) -> Iterator[Feeder]:
    feeder = Feeder(log.logs, store, identity=log.identity, policy=QUICK)
    stop = threading.Event()
    thread = threading.Thread(target=feeder.run, args=(stop,))
    thread.start()
    yield feeder
    stop.set()
    thread.join()


def is_level(feeder: Feeder, log: GrowingLog) -> bool:
    held = feeder.applied()
    ends = log.logs.events.end_offsets()
    return all(held.get(("events", partition), 0) == end for partition, end in ends.items())


def test_a_running_server_rebuilds_under_load(
    store: Store, log: GrowingLog, feeding: Feeder
) -> None:
    load = Load(log)
    try:
        request_rebuild(store)
        eventually(lambda: live_generation(store) == 2)
        both = generations(store)
        eventually(lambda: generations(store) == (Generation(2, "live"),))
    finally:
        load.close()
    assert Generation(1, "old") in both
    eventually(lambda: is_level(feeding, log))
    wanted = expected(log.records)
    assert read_tables(store, 2, list(wanted)) == wanted


def test_a_running_server_rebuilds_a_view_under_load(
    store: Store, log: GrowingLog, feeding: Feeder
) -> None:
    eventually(lambda: is_level(feeding, log))
    load = Load(log)
    try:
        store.command("TRUNCATE TABLE points_1")
        request_rebuild(store, only="points")
        eventually(lambda: requested_view(store) is None)
    finally:
        load.close()
    eventually(lambda: is_level(feeding, log))
    wanted = expected(log.records)
    assert read_tables(store, 1, list(wanted)) == wanted


def test_what_a_dead_process_left_old_is_dropped(store: Store, log: GrowingLog) -> None:
    feed(log, store, 1)
    second = create_generation(store)
    feed(log, store, second)
    switch_generation(store, second)
    feeder = Feeder(log.logs, store, identity=log.identity, policy=QUICK)
    feeder.tend()
    assert generations(store) == (Generation(second, "live"),)
    feeder.close()
