"""Completion of names and ids in the shell: quick, and silent when it cannot answer."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import click
from click.shell_completion import CompletionItem

from runstream.cli import resolve
from runstream.cli.session import Session
from runstream.entities import ViewType
from runstream.exceptions import RunstreamError

# Nobody waits longer than this for a tab key.
PATIENCE_SECONDS = "2"
MOST_RUNS = 50


def experiment_names(
    ctx: click.Context, _: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Names of experiments that begin with what was typed; ids after digits."""

    def items(session: Session) -> Iterator[CompletionItem]:
        for found in resolve.experiments(session, ViewType.ACTIVE_ONLY):
            if found.name.startswith(incomplete):
                yield CompletionItem(found.name, help=f"id {found.experiment_id}")
            elif incomplete and found.experiment_id.startswith(incomplete):
                yield CompletionItem(found.experiment_id, help=found.name)

    return _quietly(ctx, items)


def run_ids(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Ids of runs that begin with what was typed, the newest first."""

    def items(session: Session) -> Iterator[CompletionItem]:
        if not all(letter in "0123456789abcdef" for letter in incomplete):
            return
        for run in resolve.runs_like(session, f"{incomplete}%", MOST_RUNS):
            yield CompletionItem(run.info.run_id, help=run.info.run_name)

    return _quietly(ctx, items)


def metric_keys(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Keys of the metrics of the run that stands before."""

    def items(session: Session) -> Iterator[CompletionItem]:
        run = session.client.get_run(resolve.run_id_of(session, str(ctx.params.get("run"))))
        for key in sorted(run.data.metrics):
            if key.startswith(incomplete):
                yield CompletionItem(key)

    return _quietly(ctx, items)


def _quietly(
    ctx: click.Context, items: Callable[[Session], Iterator[CompletionItem]]
) -> list[CompletionItem]:
    """No answer is an answer: an error message would land in the line being typed."""
    os.environ.setdefault("RUNSTREAM_READ_TIMEOUT", PATIENCE_SECONDS)
    try:
        return list(items(ctx.ensure_object(Session)))
    except RunstreamError:
        return []
