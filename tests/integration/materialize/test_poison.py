"""Batches that the store refuses for what is in them: set aside, and the rest goes on."""

from __future__ import annotations

import pytest

from runstream.v1 import events_pb2 as pb
from runstream_server.eventlog.port import NewRecord
from runstream_server.materialize.compare import compare_generations
from runstream_server.materialize.materializer import Materializer
from runstream_server.materialize.policy import FlushPolicy
from runstream_server.materialize.set_aside import TooManySetAsideError
from runstream_server.query.verify import verify_run
from runstream_server.query.view import View
from runstream_server.store.engine import Store
from runstream_server.store.errors import RowsRefusedError, StoreError
from runstream_server.store.generations import create_generation, drop_generation
from runstream_server.store.schema.tables import TABLE_BY_NAME
from tests.integration.materialize.logs import GrowingLog
from tests.integration.materialize.tables import read_tables
from tests.unit.folds.batches import RUN, Point, created, metrics, params, record

_CONSTRAINT_VIOLATED = 469


def name(table: str, generation: int) -> str:
    return TABLE_BY_NAME[table].full_name(generation)


def request(seq: int, *events: pb.Event) -> pb.AppendRequest:
    return pb.AppendRequest.FromString(record(*events, seq=seq))


def batches(poisoned: set[int], count: int = 9) -> list[pb.AppendRequest]:
    return [request(1, created("one"))] + [
        request(
            seq,
            params(**{f"p{seq}": "poison" if seq in poisoned else "good"}),
            metrics(Point("loss", seq, 1, 1.0)),
        )
        for seq in range(2, count + 1)
    ]


def refuse_poison(store: Store, generation: int) -> None:
    """A reason that lies in the rows alone."""
    store.command(
        f"ALTER TABLE {name('params', generation)} "
        "ADD CONSTRAINT no_poison CHECK tupleElement(first, 'value') != 'poison'"
    )


def feed(log: GrowingLog, store: Store, generation: int, **policy: int) -> Materializer:
    owner = Materializer(
        log.logs, store, generation, identity=log.identity, policy=FlushPolicy(**policy)
    )
    while owner.poll().records:
        pass
    return owner


def test_the_poison_is_set_aside_and_the_rest_is_taken(store: Store, generation: int) -> None:
    refuse_poison(store, generation)
    log = GrowingLog()
    log.append(batches({4, 7}))
    owner = feed(log, store, generation)
    found = store.rows(
        f"SELECT offset, reason FROM {name('set_aside', generation)} FINAL ORDER BY offset"
    )
    assert [offset for offset, _ in found] == [3, 6]
    assert all("refused by the store" in reason and "469" in reason for _, reason in found)
    taken = {row[1] for row in read_tables(store, generation, ["params"])["params"]}
    assert taken == {"p2", "p3", "p5", "p6", "p8", "p9"}
    states = store.rows(
        f"SELECT seq, min(entry).state FROM {name('ledger', generation)} GROUP BY seq ORDER BY seq"
    )
    assert states == [(seq, 2 if seq in (4, 7) else 0) for seq in range(1, 10)]
    assert (owner.counters.set_aside, owner.counters.records) == (2, 9)
    assert sum(offset for (part, _), offset in owner.applied().items() if part == "events") == 9


def test_the_run_is_reported_as_not_complete(store: Store, generation: int) -> None:
    refuse_poison(store, generation)
    log = GrowingLog()
    log.append(batches({4}))
    feed(log, store, generation)
    report = verify_run(View(store, generation), RUN)
    assert not report.complete
    assert "1 batches that no table could take" in report.verdict


def test_folding_again_comes_to_the_same(store: Store, generation: int) -> None:
    refuse_poison(store, generation)
    log = GrowingLog()
    log.append(batches({4, 7}))
    feed(log, store, generation)
    other = create_generation(store)
    refuse_poison(store, other)
    feed(log, store, other, poll_bytes=1)
    store.command(f"TRUNCATE TABLE {name('applied', other)}")
    feed(log, store, other)
    assert compare_generations(store, generation, other) == ()
    drop_generation(store, other)


def test_above_the_limit_the_process_stops(store: Store, generation: int) -> None:
    refuse_poison(store, generation)
    log = GrowingLog()
    log.append(batches({4, 7, 8}))
    for _ in range(2):
        with pytest.raises(TooManySetAsideError, match=r"3 records .* more than the 2"):
            feed(log, store, generation, poison_max=2, poll_bytes=1)
    assert store.scalar(f"SELECT count() FROM {name('set_aside', generation)} FINAL") == 2
    feed(log, store, generation, poison_max=3)
    assert store.scalar(f"SELECT count() FROM {name('set_aside', generation)} FINAL") == 3


def test_an_error_of_the_table_sets_nothing_aside(store: Store, generation: int) -> None:
    log = GrowingLog()
    log.append(batches(set()))
    elsewhere = f"{name('params', generation)}_away"
    store.command(f"RENAME TABLE {name('params', generation)} TO {elsewhere}")
    with pytest.raises(StoreError) as raised:
        feed(log, store, generation)
    assert not isinstance(raised.value, RowsRefusedError)
    assert raised.value.code == 60
    store.command(f"RENAME TABLE {elsewhere} TO {name('params', generation)}")
    assert feed(log, store, generation).counters.set_aside == 0


def test_a_refusal_says_its_code(store: Store, generation: int) -> None:
    refuse_poison(store, generation)
    with pytest.raises(StoreError) as raised:
        store.command(
            f"INSERT INTO {name('params', generation)} (key, first) VALUES ('a', (1, 'poison'))"
        )
    assert raised.value.code == _CONSTRAINT_VIOLATED


def claim(log: GrowingLog, name: str) -> None:
    created = pb.ExperimentCreated(claim_id=name.encode(), name=name)
    event = pb.Event(experiment_created=created)
    request = pb.AppendRequest(
        stream_id="registry", producer_id=name.encode(), seq=1, events=[event], accepted_ms=7
    )
    log.logs.registry.append([NewRecord(0, request.SerializeToString())])


def rename(log: GrowingLog, experiment_id: int, new_name: str) -> None:
    identity = f"{experiment_id} {new_name}".encode()
    renamed = pb.ExperimentRenamed(
        claim_id=identity, experiment_id=str(experiment_id), new_name=new_name
    )
    request = pb.AppendRequest(
        stream_id="registry",
        producer_id=identity,
        seq=1,
        events=[pb.Event(experiment_renamed=renamed)],
        accepted_ms=8,
    )
    log.logs.registry.append([NewRecord(0, request.SerializeToString())])


def refuse_names(store: Store, generation: int) -> None:
    store.command(
        f"ALTER TABLE {name('experiments', generation)} "
        "ADD CONSTRAINT no_poison CHECK NOT startsWith(name, 'poison')"
    )


def test_a_poison_of_the_registry_is_set_aside(store: Store, generation: int) -> None:
    """Of all changes only the refused ones; ids are counted as ingest counts them."""
    refuse_names(store, generation)
    log = GrowingLog()
    for one in ("a", "poison 1", "b"):
        claim(log, one)
    rename(log, 3, "poison 2")
    rename(log, 1, "c")
    log.logs.registry.append([NewRecord(0, b"\xff no record")])
    owner = feed(log, store, generation)
    found = store.rows(
        "SELECT experiment_id, name FROM "
        f"{name('experiments', generation)} FINAL ORDER BY experiment_id"
    )
    assert found == [(0, "Default"), (1, "c"), (3, "b")]
    aside = store.rows(
        "SELECT log, offset, splitByChar(':', reason)[1] FROM "
        f"{name('set_aside', generation)} FINAL ORDER BY offset"
    )
    assert aside == [
        ("registry", 2, "refused by the store"),
        ("registry", 4, "refused by the store"),
        ("registry", 6, "cannot be folded"),
    ]
    assert owner.counters.set_aside == 3
    assert owner.applied()["registry", 0] == 7


def test_however_the_registry_is_cut(store: Store, generation: int) -> None:
    refuse_names(store, generation)
    log = GrowingLog()
    other = create_generation(store)
    refuse_names(store, other)
    claim(log, "a")
    for new_name in ("poison 1", "poison 2", "good"):
        rename(log, 1, new_name)
        feed(log, store, other).close()
    feed(log, store, generation)
    assert compare_generations(store, generation, other) == ()
    drop_generation(store, other)


def test_above_the_limit_the_registry_stops_the_process(store: Store, generation: int) -> None:
    refuse_names(store, generation)
    log = GrowingLog()
    for number in range(3):
        claim(log, f"poison {number}")
    with pytest.raises(TooManySetAsideError, match="3 records"):
        feed(log, store, generation, poison_max=2)
