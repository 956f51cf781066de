"""Is a run complete? Every way in which it may not be, from real tables."""

from __future__ import annotations

import pytest

from runstream.v1 import tracking_pb2 as tracking
from runstream_server.errors import ServiceError
from runstream_server.query.service import QueryService
from runstream_server.service import CallContext
from tests.integration.query.tables import NO_POSITION, Tables, run_id, run_row

RUN = run_id(4)
FOLDED, VOID = 0, 1


def producer(number: int) -> bytes:
    return bytes([number] * 16)


def started(
    tables: Tables, number: int, source: str = "", world_size: int = 0, pid: int = 42
) -> None:
    said = (number, source, f"node{number}", pid, world_size)
    tables.insert("producers", (RUN, producer(number), said, (0, 0, 0, 0)))


def ended(tables: Tables, number: int, *totals: int, died: int = 0) -> None:
    nothing = (NO_POSITION, "", "", 0, 0)
    tables.insert("producers", (RUN, producer(number), nothing, (*totals, died)))


def batch(tables: Tables, number: int, seq: int, *totals: int, state: int = FOLDED) -> None:
    points, events = totals
    entry = (seq * 10, points, events, 1, state)
    tables.insert("ledger", (RUN, producer(number), seq, entry, (0, 0)))


@pytest.fixture
def run(empty: Tables) -> Tables:
    empty.insert("runs", run_row(RUN, created=(1, 0, 5, "ann")))
    return empty


def verify(service: QueryService, ctx: CallContext) -> tracking.VerifyRunResponse:
    return service.verify_run(tracking.VerifyRunRequest(run_id=RUN), ctx)


def test_complete(run: Tables, service: QueryService, ctx: CallContext) -> None:
    started(run, 1, "rank=0", 2)
    started(run, 2, "rank=1", 2, pid=43)
    for seq in (1, 2, 3):
        batch(run, 1, seq, 100, 2)
        batch(run, 1, seq, 100, 2)
    batch(run, 2, 1, 5, 0)
    ended(run, 1, 2, 200, 4)
    ended(run, 1, 3, 300, 6)
    ended(run, 2, 1, 5, 0, died=1)
    found = verify(service, ctx)
    assert (found.complete, found.verdict, found.world_size) == (True, "complete", 2)
    first, second = found.producers
    assert first == tracking.ProducerReport(
        producer_id=producer(1),
        source="rank=0",
        host="node1",
        pid=42,
        batches=3,
        points=300,
        events=6,
        first_seq=1,
        last_seq=3,
        closed=True,
    )
    assert (second.source, second.died, second.closed) == ("rank=1", True, True)


def test_open(run: Tables, service: QueryService, ctx: CallContext) -> None:
    started(run, 1)
    batch(run, 1, 1, 5, 0)
    found = verify(service, ctx)
    assert (found.complete, found.verdict) == (False, "open")
    assert not found.producers[0].closed


def test_open_again_after_it_had_closed(
    run: Tables, service: QueryService, ctx: CallContext
) -> None:
    started(run, 1)
    batch(run, 1, 1, 5, 0)
    ended(run, 1, 1, 5, 0)
    batch(run, 1, 2, 5, 0)
    assert verify(service, ctx).verdict == "open"
    ended(run, 1, 2, 10, 0)
    assert verify(service, ctx).complete


def test_gaps(run: Tables, service: QueryService, ctx: CallContext) -> None:
    started(run, 1)
    for seq in (2, 3, 6, 8):
        batch(run, 1, seq, 1, 0)
    ended(run, 1, 10, 10, 0)
    found = verify(service, ctx)
    assert not found.complete
    (report,) = found.producers
    ranges = [(gap.first, gap.last) for gap in report.gaps]
    assert ranges == [(1, 1), (4, 5), (7, 7), (9, 10)]
    assert report.fault == "6 missing batches (1, 4-5, 7, 9-10)"
    assert found.verdict == f"node1:42: {report.fault}"


def test_totals_that_do_not_agree(run: Tables, service: QueryService, ctx: CallContext) -> None:
    started(run, 1)
    batch(run, 1, 1, 99, 3)
    ended(run, 1, 1, 100, 4)
    (report,) = verify(service, ctx).producers
    assert report.fault == "99 points where it counted 100; 3 events where it counted 4"


def test_missing_ranks(run: Tables, service: QueryService, ctx: CallContext) -> None:
    for number, rank in ((1, 0), (2, 2)):
        started(run, number, f"rank={rank}", 4)
        batch(run, number, 1, 1, 0)
        ended(run, number, 1, 1, 0)
    found = verify(service, ctx)
    assert (found.complete, found.verdict) == (False, "missing ranks: 1, 3")
    assert list(found.missing_sources) == ["rank=1", "rank=3"]
    assert found.world_size == 4


def test_missing_sources_without_ranks(
    run: Tables, service: QueryService, ctx: CallContext
) -> None:
    started(run, 1, "role=actor", 3)
    batch(run, 1, 1, 1, 0)
    ended(run, 1, 1, 1, 0)
    assert verify(service, ctx).verdict == "missing sources: 2 of 3"


def test_void_is_told_and_is_no_fault(run: Tables, service: QueryService, ctx: CallContext) -> None:
    started(run, 1)
    batch(run, 1, 1, 1, 0)
    batch(run, 1, 2, 0, 0, state=VOID)
    ended(run, 1, 2, 1, 0)
    found = verify(service, ctx)
    assert found.complete
    assert found.producers[0].voids == 1


def test_conflict_is_a_fault(run: Tables, service: QueryService, ctx: CallContext) -> None:
    started(run, 1)
    batch(run, 1, 1, 1, 0)
    ended(run, 1, 1, 1, 0)
    neutral = (NO_POSITION, 0, 0, 0, 0)
    run.insert("ledger", (RUN, producer(1), 1, neutral, (77, 5)))
    found = verify(service, ctx)
    assert not found.complete
    assert found.producers[0].conflicts == 1
    assert found.producers[0].points == 1
    assert "other content" in found.verdict


def test_single_requests_are_closed(run: Tables, service: QueryService, ctx: CallContext) -> None:
    batch(run, 7, 1, 0, 1)
    found = verify(service, ctx)
    assert (found.complete, found.verdict) == (True, "complete")
    assert found.producers[0].closed


def test_a_producer_whose_first_batch_is_missing(
    run: Tables, service: QueryService, ctx: CallContext
) -> None:
    batch(run, 7, 2, 5, 0)
    found = verify(service, ctx)
    assert not found.complete
    assert [(gap.first, gap.last) for gap in found.producers[0].gaps] == [(1, 1)]


def test_several_problems_at_once(run: Tables, service: QueryService, ctx: CallContext) -> None:
    started(run, 1, "rank=0", 2)
    batch(run, 1, 2, 1, 0)
    assert verify(service, ctx).verdict == (
        "rank=0 (node1:42): 1 missing batches (1); missing ranks: 1; open: rank=0 (node1:42)"
    )


def test_an_unknown_run(empty: Tables, service: QueryService, ctx: CallContext) -> None:
    with pytest.raises(ServiceError, match="not found"):
        verify(service, ctx)
