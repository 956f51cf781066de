"""The rules of feeding tables, one by one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from runstream.v1 import events_pb2 as pb
from runstream_server.eventlog.genesis import LogIdentity
from runstream_server.eventlog.memory import MemoryLogs
from runstream_server.eventlog.port import LogMismatchError, NewRecord
from runstream_server.events.folds.views import View
from runstream_server.materialize.events import EventsSink
from runstream_server.materialize.materializer import Materializer
from runstream_server.materialize.policy import FlushPolicy
from runstream_server.store.engine import Store
from runstream_server.store.schema.tables import TABLE_BY_NAME, TABLES
from tests.integration.materialize.history import rich_history
from tests.integration.materialize.logs import FailingStore, GrowingLog
from tests.integration.materialize.tables import read_tables
from tests.unit.folds.batches import RUN, Point, created, metrics, params, record, tags, updated
from tests.unit.folds.oracle import expected


def request(*events: pb.Event, seq: int = 1) -> pb.AppendRequest:
    return pb.AppendRequest.FromString(record(*events, seq=seq))


def materializer(log: GrowingLog, store: Store, generation: int) -> Materializer:
    return Materializer(log.logs, store, generation, identity=log.identity)


def feed(log: GrowingLog, store: Store, generation: int) -> Materializer:
    owner = materializer(log, store, generation)
    while owner.poll().records:
        pass
    return owner


def table(name: str, generation: int) -> str:
    return TABLE_BY_NAME[name].full_name(generation)


class TestUnmerged:
    def test_tables_are_right_before_and_after_merges(self, store: Store, generation: int) -> None:
        store.command("SYSTEM STOP MERGES")
        try:
            log = GrowingLog()
            log.append(rich_history())
            one_by_one = FlushPolicy(poll_bytes=1)
            for _ in range(2):
                owner = Materializer(
                    log.logs, store, generation, identity=log.identity, policy=one_by_one
                )
                while owner.poll().records:
                    pass
                store.command(f"TRUNCATE TABLE {table('applied', generation)}")
            wanted = expected(log.records)
            assert read_tables(store, generation, list(wanted)) == wanted
        finally:
            store.command("SYSTEM START MERGES")
        for one in TABLES:
            store.command(f"OPTIMIZE TABLE {one.full_name(generation)} FINAL")
        assert read_tables(store, generation, list(wanted)) == wanted


class Recorded(FailingStore):
    """Remembers into which tables was inserted."""

    def __init__(self, inner: Store) -> None:
        super().__init__(inner)
        self.tables: list[str] = []

    def insert_native(
        self, table: str, columns: Sequence[str], blocks: bytes | Sequence[bytes | memoryview]
    ) -> None:
        self.tables.append(table.rpartition("_")[0])
        super().insert_native(table, columns, blocks)


def test_who_sees_a_run_finished_sees_its_last_point(store: Store, generation: int) -> None:
    log, recorded = GrowingLog(), Recorded(store)
    log.append([request(created(), metrics(Point("k", 1, 1, 1.0)), updated(status=pb.FINISHED))])
    feed(log, recorded, generation)
    order = [name for name in recorded.tables if name in TABLE_BY_NAME]
    assert order[-6:] == ["points", "rollup", "latest", "runs", "ledger", "applied"]


def test_a_late_copy_of_an_old_tag_does_not_win(store: Store, generation: int) -> None:
    log = GrowingLog()
    old = request(tags(t="old"))
    log.append([old, request(tags(t="new"), seq=2)])
    feed(log, store, generation)
    log.append([old])
    owner = feed(log, store, generation)
    assert owner.counters.duplicates == 1
    assert {row[2] for row in read_tables(store, generation, ["tags"])["tags"]} == {"new"}


def test_a_record_that_is_no_batch_is_set_aside(store: Store, generation: int) -> None:
    log = GrowingLog()
    offset = log.append_bytes(1, b"\xff\xff no batch")
    log.append([request(params(p="1"))])
    owner = feed(log, store, generation)
    rows = store.rows(
        f"SELECT log, partition, offset, reason FROM {table('set_aside', generation)}"
    )
    assert [row[:3] for row in rows] == [("events", 1, offset)]
    assert rows[0][3].startswith("undecodable: ")
    assert owner.counters.set_aside == 1
    assert len(read_tables(store, generation, ["params"])["params"]) == 1


def test_a_batch_that_breaks_a_fold_is_set_aside_alone(
    store: Store, generation: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def picky(view: View) -> View:
        def fold(flush):  # type: ignore[no-untyped-def]
            if any(batch.seq == 2 for batch in flush.whole):
                raise ZeroDivisionError("a fault of ours")
            return view.fold(flush)

        return view._replace(fold=fold)

    monkeypatch.setattr(EventsSink, "views", tuple(map(picky, EventsSink.views)))
    log = GrowingLog()
    log.append([request(params(**{f"p{seq}": "1"}), seq=seq) for seq in (1, 2, 3)])
    feed(log, store, generation)
    keys = {row[1] for row in read_tables(store, generation, ["params"])["params"]}
    assert keys == {"p1", "p3"}
    ((reason,),) = store.rows(f"SELECT reason FROM {table('set_aside', generation)}")
    assert reason == "cannot be folded: ZeroDivisionError: a fault of ours"


def test_kinds_that_no_table_shows_are_counted(store: Store, generation: int) -> None:
    log = GrowingLog()
    log.append([request(pb.Event(log_lines=pb.LogLines(stream=1)), pb.Event(), params(p="1"))])
    owner = feed(log, store, generation)
    assert owner.counters.not_shown == {"log_lines": 1, "unknown": 1}
    assert len(read_tables(store, generation, ["params"])["params"]) == 1


def test_another_log_is_refused(store: Store, generation: int) -> None:
    log = GrowingLog()
    log.append([request(params(p="1"))])
    feed(log, store, generation)
    with pytest.raises(LogMismatchError, match="put the right log in place"):
        feed(GrowingLog(), store, generation)


def test_a_log_that_lost_its_end_is_refused(store: Store, generation: int) -> None:
    log = GrowingLog()
    log.append([request(params(p="1"))])
    feed(log, store, generation)
    shorter = GrowingLog()
    shorter.identity = LogIdentity(log.identity.log_id, log.identity.partitions)
    with pytest.raises(LogMismatchError, match="but the log ends at 0"):
        feed(shorter, store, generation)


def test_a_purged_run_is_deleted_and_stays_away(store: Store, generation: int) -> None:
    log = GrowingLog()
    log.append([request(created("secret"), params(p="1"), metrics(Point("k", 1, 1, 1.0)))])
    feed(log, store, generation)
    log.append([request(pb.Event(run_purged=pb.RunPurged()), seq=2)])
    log.append([request(params(q="2"), metrics(Point("k", 2, 1, 1.0)), seq=3)])
    feed(log, store, generation)
    for name in ("points", "rollup", "latest", "params", "tags", "artifacts"):
        assert store.rows(f"SELECT 1 FROM {table(name, generation)}") == [], name
    rows = store.rows(f"SELECT purged, created.pos, name.value FROM {table('runs', generation)}")
    assert rows == [(1, 2**64 - 1, "")]


@pytest.mark.parametrize("name", ["latest", "params", "tags"])
def test_a_purged_run_is_deleted_from_projections(store: Store, generation: int, name: str) -> None:
    other = request(created("kept"), params(p="1"), metrics(Point("k", 1, 1, 1.0)))
    other.stream_id = "0" * 31 + "1"
    log = GrowingLog()
    log.append([request(created("gone"), params(p="1"), metrics(Point("k", 1, 1, 1.0))), other])
    log.append([request(pb.Event(run_purged=pb.RunPurged()), seq=2)])
    feed(log, store, generation)
    rows = store.rows(
        f"SELECT toString(run_id) FROM {table(name, generation)} "
        "WHERE key IN ('k', 'p', 'mlflow.runName') SETTINGS force_optimize_projection = 1"
    )
    assert rows == [("00000000-0000-0000-0000-000000000001",)]


def test_rows_that_come_back_are_deleted_again(store: Store, generation: int) -> None:
    log = GrowingLog()
    log.append([request(params(p="1")), request(pb.Event(run_purged=pb.RunPurged()), seq=2)])
    feed(log, store, generation)
    name = table("params", generation)
    run = f"{RUN[:8]}-{RUN[8:12]}-{RUN[12:16]}-{RUN[16:20]}-{RUN[20:]}"
    store.command(f"INSERT INTO {name} (run_id, key) VALUES ('{run}', 'zombie')")
    feed(log, store, generation)
    assert store.rows(f"SELECT key FROM {name}") == []


def test_experiments_follow_the_registry(store: Store, generation: int) -> None:
    log = GrowingLog()
    feed(log, store, generation)
    _claim(log.logs, "vision", b"1" * 16, tag="x")
    _claim(log.logs, "vision", b"2" * 16, tag="y")
    for _ in range(2):
        feed(log, store, generation)
    rows = store.rows(
        f"SELECT experiment_id, name, tags FROM {table('experiments', generation)} FINAL "
        "ORDER BY experiment_id"
    )
    assert [row[:2] for row in rows] == [(0, "Default"), (1, "vision")]
    assert [tuple(tag.values()) for tag in rows[1][2]] == [("team", "x")]


def _claim(logs: MemoryLogs, name: str, claim_id: bytes, tag: str) -> None:
    created = pb.ExperimentCreated(
        claim_id=claim_id, name=name, tags=[pb.KeyValue(key="team", value=tag)]
    )
    batch = pb.AppendRequest(
        stream_id="registry",
        producer_id=claim_id,
        seq=1,
        events=[pb.Event(experiment_created=created)],
        accepted_ms=7,
    )
    logs.registry.append([NewRecord(0, batch.SerializeToString())])
