"""`runstream metrics`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import click

from runstream.cli import options, text
from runstream.cli.complete import metric_keys, run_ids
from runstream.cli.output import Column, Output
from runstream.cli.plot import plot
from runstream.cli.resolve import not_found, run_id_of
from runstream.cli.rest import metric_json
from runstream.cli.session import Session, pass_session
from runstream.entities import Metric

COLUMNS = (
    Column("step", number=True),
    Column("value", number=True),
    Column("time", whole=True),
    Column("source"),
)
# On a terminal the plot says the rest.
LAST_POINTS = 5


@click.group()
def metrics() -> None:
    """Look at the points of metrics."""


@metrics.command()
@click.argument("run", shell_complete=run_ids)
@click.argument("key", shell_complete=metric_keys)
@click.option("-s", "--source", help="Only points of this process, for example rank=3.")
@options.common
@pass_session
def history(session: Session, run: str, key: str, source: str | None) -> None:
    """Plot a metric and print its last points; in a pipe, print every point."""
    run_id = run_id_of(session, run)
    points = session.client.get_metric_history(run_id, key)
    if source is not None:
        points = [point for point in points if point.source == source]
    if session.output.as_json:
        session.output.json({"metrics": [metric_json(point) for point in points]})
        return
    if not points:
        raise not_found(f"Run {run_id} has no points of {key!r}.")
    if session.output.on_terminal:
        _draw(session.output, key, points)
        points = sorted(points, key=lambda point: point.step)[-LAST_POINTS:]
    sources = any(point.source for point in points)
    # In a pipe it is data: always the same columns.
    columns = COLUMNS if sources or not session.output.on_terminal else COLUMNS[:-1]
    session.output.table(columns, (_row(point)[: len(columns)] for point in points))


def _draw(output: Output, key: str, points: Sequence[Metric]) -> None:
    by_step = sorted(points, key=lambda point: (point.step, point.timestamp))
    width = max(20, min(100, output.console.width - 16))
    for line in plot([(point.step, point.value) for point in by_step], width):
        output.line(line, "cyan")
    output.line(_summary(key, by_step), "bold")


def _summary(key: str, points: Sequence[Metric]) -> str:
    finite = [point for point in points if math.isfinite(point.value)]
    parts = [f"{key}: {text.plural(len(points), 'point')}"]
    if finite:
        low = min(finite, key=lambda point: point.value)
        high = max(finite, key=lambda point: point.value)
        parts.append(f"min {text.number(low.value)} at step {low.step}")
        parts.append(f"max {text.number(high.value)} at step {high.step}")
    if len(finite) < len(points):
        parts.append(f"{text.count(len(points) - len(finite))} not finite")
    return " · ".join(parts)


def _row(point: Metric) -> tuple[str, ...]:
    # In a pipe it is data: all digits.
    return (str(point.step), repr(point.value), text.time(point.timestamp), point.source)
