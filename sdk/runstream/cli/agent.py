"""`runstream agent`: what waits on this machine, and sending it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from runstream.cli import options, text
from runstream.cli.output import Column, Output
from runstream.cli.session import Session, pass_session

if TYPE_CHECKING:
    from runstream.v1.spool_pb2 import AgentStatus, DestinationStatus, ProcessStatus

PROCESSES = (
    Column("process", number=True),
    Column("alive"),
    Column("points waiting", number=True),
    Column("of", number=True),
    Column("artifacts waiting", number=True),
    Column("refused", number=True),
    Column("oldest waiting"),
)
DESTINATIONS = (
    Column("server", whole=True),
    Column("state"),
    Column("last accepted", whole=True),
    Column("last error"),
)


@click.group()
def agent() -> None:
    """The agent sends what the processes of this machine have logged."""


@agent.command()
@options.common
@pass_session
def status(session: Session) -> None:
    """Show what is spooled here and not yet accepted by its server."""
    report = session.calls.agent_status()
    if session.output.as_json:
        session.output.json(status_json(report))
    else:
        _print(session.output, report)


def _print(output: Output, report: AgentStatus) -> None:
    output.pairs(
        (
            ("agent", f"process {report.pid}, version {report.version}"),
            ("since", text.time(report.started_ms)),
            ("folder", report.scope_folder),
        )
    )
    output.heading("Processes")
    if report.processes:
        output.table(PROCESSES, map(_process, report.processes))
    else:
        output.line("Nothing is spooled here.")
    for process in report.processes:
        if process.held:
            output.line(f"Process {process.pid} is held: {process.held}", "yellow")
    if report.destinations:
        output.heading("Servers")
        output.table(DESTINATIONS, map(_destination, report.destinations))


def _process(process: ProcessStatus) -> tuple[str, ...]:
    return (
        str(process.pid),
        "yes" if process.alive else "no",
        text.count(process.cells_spooled - process.cells_accepted),
        text.count(process.cells_spooled),
        text.count(process.artifacts_pending),
        text.count(process.refused),
        text.time(process.oldest_pending_ms or None),
    )


def _destination(destination: DestinationStatus) -> tuple[str, ...]:
    error = destination.last_error
    when = text.time(destination.last_error_ms or None)
    return (
        destination.tracking_uri,
        _state(destination),
        text.time(destination.last_accepted_ms or None),
        f"{when} {error}".strip() if error else "",
    )


def _state(destination: DestinationStatus) -> str:
    if destination.denied:
        return "denied"
    if not destination.connected:
        return "away"
    return "connected (HTTP)" if destination.transport == "http" else "connected"


def status_json(report: AgentStatus) -> dict[str, Any]:
    """The answer with the names of the message's fields."""
    return {
        "pid": report.pid,
        "version": report.version,
        "scope_folder": report.scope_folder,
        "started_ms": report.started_ms,
        "processes": [_process_json(process) for process in report.processes],
        "destinations": [
            {name: getattr(destination, name) for name in _DESTINATION_FIELDS}
            for destination in report.destinations
        ],
    }


_DESTINATION_FIELDS = (
    "tracking_uri", "connected", "last_error", "last_error_ms", "last_accepted_ms",
    "transport", "denied",
)  # fmt: skip
_PROCESS_FIELDS = (
    "pid", "alive", "cells_spooled", "cells_accepted", "event_bytes_spooled",
    "event_bytes_accepted", "artifacts_pending", "refused", "oldest_pending_ms", "held",
)  # fmt: skip
_RUN_FIELDS = ("run_id", "tracking_uri", "points_spooled", "points_accepted")


def _process_json(process: ProcessStatus) -> dict[str, Any]:
    return {
        "producer_id": process.producer_id.hex(),
        **{name: getattr(process, name) for name in _PROCESS_FIELDS},
        "runs": [{name: getattr(run, name) for name in _RUN_FIELDS} for run in process.runs],
    }


@agent.command()
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=600.0,
    show_default=True,
    metavar="SECONDS",
    help="Give up after so long; what is left stays in the spool.",
)
@options.common
@click.pass_context
def drain(ctx: click.Context, timeout: float) -> None:
    """Send all there is, also what processes and agents that died have left.

    Exit code 0 when everything is accepted, else 1.
    """
    session = ctx.ensure_object(Session)
    refused = session.calls.drain(timeout)
    if session.output.as_json:
        session.output.json({"refused": refused})
    else:
        for sentence in refused:
            session.output.line(sentence, "red")
        session.output.line(
            f"{text.plural(len(refused), 'refusal')}; the rest is accepted."
            if refused
            else "Everything is accepted."
        )
    ctx.exit(1 if refused else 0)
