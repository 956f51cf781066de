"""Is a run complete? What its producers announced against what is there.

A run is complete when every producer that announced itself has closed (by
itself, or through its agent when it died), what it sent adds up to what it
said, no batch is missing, and there are as many sources as the world size
says, where it is known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from runstream.v1 import tracking_pb2 as tracking
from runstream_server.query.runs import read_run_row
from runstream_server.query.sql import NO_POSITION, Parameters
from runstream_server.query.view import View
from runstream_server.store.schema.ledger import SET_ASIDE_STATE

# Of one producer: past this many the report says that there are more.
_GAPS_SHOWN = 100
_RANK = re.compile(r"(?:^|,)rank=(\d+)(?:,|$)")


class Announced(NamedTuple):
    """What a producer said of itself. started: did it announce itself at all?"""

    started: bool
    source: str
    host: str
    pid: int
    world_size: int
    last_seq: int
    points: int
    events: int
    died: int


class Received(NamedTuple):
    """What the ledger holds of a producer."""

    batches: int
    points: int
    events: int
    first_seq: int
    last_seq: int
    voids: int
    conflicts: int
    aside: int = 0


_NOTHING_SAID = Announced(False, "", "", 0, 0, 0, 0, 0, 0)
_NOTHING_RECEIVED = Received(0, 0, 0, 0, 0, 0, 0)


def verify_run(view: View, run_id: str) -> tracking.VerifyRunResponse:
    """The report on one run. Raises ServiceError when there is no such run."""
    read_run_row(view, run_id)
    announced = _read_announced(view, run_id)
    received = _read_received(view, run_id)
    gaps = _read_gaps(view, run_id)
    reports = [
        producer_report(
            producer,
            announced.get(producer, _NOTHING_SAID),
            received.get(producer, _NOTHING_RECEIVED),
            gaps.get(producer, []),
        )
        for producer in announced.keys() | received.keys()
    ]
    reports.sort(key=lambda report: (_rank(report.source), report.source, report.producer_id))
    sources = {said.source for said in announced.values() if said.started}
    world_size = max((said.world_size for said in announced.values()), default=0)
    return run_report(run_id, reports, sources, world_size)


def producer_report(
    producer: bytes, said: Announced, received: Received, gaps: Sequence[tuple[int, int]]
) -> tracking.ProducerReport:
    """What one producer sent, and what does not agree.

    One that never announced itself is a single request, and so closed.
    """
    closed = not said.started or received.last_seq <= said.last_seq
    gaps = list(gaps)
    if received.first_seq > 1:
        gaps.insert(0, (1, received.first_seq - 1))
    if said.last_seq > received.last_seq:
        gaps.append((received.last_seq + 1, said.last_seq))
    return tracking.ProducerReport(
        producer_id=producer,
        source=said.source,
        host=said.host,
        pid=said.pid,
        batches=received.batches,
        points=received.points,
        events=received.events,
        first_seq=received.first_seq,
        last_seq=received.last_seq,
        gaps=[tracking.SeqRange(first=first, last=last) for first, last in gaps[:_GAPS_SHOWN]],
        closed=closed,
        died=bool(said.died),
        voids=received.voids,
        conflicts=received.conflicts,
        fault="; ".join(_faults(said, received, gaps, closed)),
    )


def _faults(
    said: Announced, received: Received, gaps: Sequence[tuple[int, int]], closed: bool
) -> list[str]:
    faults = []
    if gaps:
        missing = sum(last - first + 1 for first, last in gaps)
        faults.append(f"{missing} missing batches ({_ranges(gaps)})")
    elif received.aside:
        faults.append(f"{received.aside} batches that no table could take")
    elif said.last_seq and closed:
        for name, told, found in (
            ("points", said.points, received.points),
            ("events", said.events, received.events),
        ):
            if told != found:
                faults.append(f"{found} {name} where it counted {told}")
    if received.conflicts:
        faults.append(f"{received.conflicts} batches that came again with other content")
    return faults


def run_report(
    run_id: str, reports: Sequence[tracking.ProducerReport], sources: set[str], world_size: int
) -> tracking.VerifyRunResponse:
    """The verdict over all producers. sources: of those that announced themselves."""
    problems = [f"{_named(report)}: {report.fault}" for report in reports if report.fault]
    missing = missing_sources(sources, world_size)
    if missing:
        problems.append(f"missing ranks: {', '.join(name[len('rank=') :] for name in missing)}")
    elif len(sources) < world_size > 1:
        problems.append(f"missing sources: {world_size - len(sources)} of {world_size}")
    still_open = [_named(report) for report in reports if not report.closed]
    if still_open:
        problems.append(f"open: {', '.join(still_open)}")
    complete = not problems
    if still_open and len(problems) == 1:
        problems = ["open"]
    return tracking.VerifyRunResponse(
        complete=complete,
        verdict="; ".join(problems) or "complete",
        world_size=world_size,
        missing_sources=missing,
        producers=reports,
        run_id=run_id,
    )


def missing_sources(sources: set[str], world_size: int) -> list[str]:
    """The ranks of a job of this size that never announced themselves.

    Empty where sources are not named by rank: then nobody knows which.
    """
    ranks = {_rank(source) for source in sources}
    if world_size <= 1 or len(sources) >= world_size or -1 in ranks:
        return []
    return [f"rank={rank}" for rank in range(world_size) if rank not in ranks]


def _rank(source: str) -> int:
    match = _RANK.search(source)
    return int(match[1]) if match else -1


def _named(report: tracking.ProducerReport) -> str:
    host = f"{report.host}:{report.pid}" if report.host else report.producer_id.hex()[:8]
    return f"{report.source} ({host})" if report.source else host


def _ranges(gaps: Sequence[tuple[int, int]]) -> str:
    shown = [str(first) if first == last else f"{first}-{last}" for first, last in gaps[:5]]
    return ", ".join(shown) + (", …" if len(gaps) > 5 else "")


def _read_announced(view: View, run_id: str) -> dict[bytes, Announced]:
    parameters = Parameters()
    rows = view.rows(
        "SELECT hex(producer_id), min(started) AS s, max(ended) AS e, "
        f"s.pos != {NO_POSITION}, s.source, s.host, s.pid, s.world_size, "
        "e.last_seq, e.points, e.events, e.died "
        f"FROM {view.table('producers')} WHERE stream_id = {parameters.text(run_id)} "
        "GROUP BY producer_id",
        parameters.values,
    )
    return {
        bytes.fromhex(producer): Announced(bool(started), *rest)
        for producer, _, _, started, *rest in rows
    }


_LEDGER = """
    SELECT producer_id, seq, min(entry) AS e, max(conflict).offset > 0 AS conflicting
    FROM {ledger} WHERE stream_id = {stream} GROUP BY producer_id, seq
"""


def _read_received(view: View, run_id: str) -> dict[bytes, Received]:
    parameters = Parameters()
    ledger = _LEDGER.format(ledger=view.table("ledger"), stream=parameters.text(run_id))
    rows = view.rows(
        "SELECT hex(producer_id), count(), sum(e.points), sum(e.events), min(seq), max(seq), "
        f"countIf(e.state = 1), countIf(conflicting), "
        f"countIf(e.state = {SET_ASIDE_STATE}) FROM ({ledger}) GROUP BY producer_id",
        parameters.values,
    )
    return {bytes.fromhex(producer): Received(*rest) for producer, *rest in rows}


def _read_gaps(view: View, run_id: str) -> dict[bytes, list[tuple[int, int]]]:
    """Holes between two batches that are there, in order."""
    parameters = Parameters()
    rows = view.rows(
        "SELECT hex(producer_id), before + 1 AS first, seq - 1 FROM ("
        "SELECT producer_id, seq, lagInFrame(seq) OVER ("
        "PARTITION BY producer_id ORDER BY seq ROWS BETWEEN 1 PRECEDING AND CURRENT ROW"
        ") AS before FROM ("
        f"SELECT DISTINCT producer_id, seq FROM {view.table('ledger')} "
        f"WHERE stream_id = {parameters.text(run_id)})) "
        "WHERE before > 0 AND seq > before + 1 ORDER BY producer_id, first",
        parameters.values,
    )
    gaps: dict[bytes, list[tuple[int, int]]] = {}
    for producer, first, last in rows:
        gaps.setdefault(bytes.fromhex(producer), []).append((first, last))
    return gaps
