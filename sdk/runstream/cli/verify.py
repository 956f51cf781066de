"""`runstream runs verify`: is all there that was logged?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runstream.cli import options, text
from runstream.cli.output import Column
from runstream.cli.resolve import run_id_of
from runstream.cli.session import Session

if TYPE_CHECKING:
    from runstream.v1.tracking_pb2 import ProducerReport, VerifyRunResponse

COLUMNS = (
    Column("source"),
    Column("host"),
    Column("pid", number=True),
    Column("batches", number=True),
    Column("points", number=True),
    Column("events", number=True),
    Column("first", number=True),
    Column("last", number=True),
    Column("gaps"),
    Column("state"),
)


@click.command()
@options.run_argument
@options.common
@click.pass_context
def verify(ctx: click.Context, run: str | None, run_id: str | None) -> None:
    """Prove that a run is complete, or say what is missing.

    One line per process that wrote to the run. Exit code 0 when all of it is
    there, else 1.
    """
    session = ctx.ensure_object(Session)
    chosen = run_id_of(session, options.one_of("RUN", run, run_id))
    report = session.calls.verify_run(chosen)
    if session.output.as_json:
        session.output.json(report_json(report))
    else:
        _print(session, report)
    ctx.exit(0 if report.complete else 1)


def _print(session: Session, report: VerifyRunResponse) -> None:
    session.output.table(COLUMNS, map(_row, report.producers))
    for producer in report.producers:
        if producer.fault:
            name = producer.source or f"{producer.host}/{producer.pid}"
            session.output.line(f"{name}: {producer.fault}", "red")
    style = "bold green" if report.complete else "bold red"
    session.output.line(f"run {report.run_id}: {report.verdict}", style)


def _row(producer: ProducerReport) -> tuple[str, ...]:
    return (
        producer.source or "-",
        producer.host,
        str(producer.pid),
        text.count(producer.batches),
        text.count(producer.points),
        text.count(producer.events),
        str(producer.first_seq),
        str(producer.last_seq),
        ", ".join(_range(gap.first, gap.last) for gap in producer.gaps) or "none",
        _state(producer),
    )


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first}-{last}"


def _state(producer: ProducerReport) -> str:
    if not producer.closed:
        return "open"
    return "closed for it (died)" if producer.died else "closed"


def report_json(report: VerifyRunResponse) -> dict[str, Any]:
    """The answer with the names of the message's fields."""
    return {
        "run_id": report.run_id,
        "complete": report.complete,
        "verdict": report.verdict,
        "world_size": report.world_size,
        "missing_sources": list(report.missing_sources),
        "producers": [_producer_json(producer) for producer in report.producers],
    }


def _producer_json(producer: ProducerReport) -> dict[str, Any]:
    plain = (
        "source", "host", "pid", "batches", "points", "events", "first_seq", "last_seq",
        "closed", "died", "voids", "conflicts", "fault",
    )  # fmt: skip
    return {
        "producer_id": producer.producer_id.hex(),
        **{name: getattr(producer, name) for name in plain},
        "gaps": [{"first": gap.first, "last": gap.last} for gap in producer.gaps],
    }
