"""Options and arguments that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from runstream.cli.complete import experiment_names, run_ids
from runstream.cli.session import Session

Function = TypeVar("Function", bound=Callable[..., Any])

VIEWS = ("active_only", "deleted_only", "all")


def _set_json(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.ensure_object(Session).output.as_json = True


def _set_tracking_uri(ctx: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.ensure_object(Session).tracking_uri = value


def tracking_uri_option(command: Function) -> Function:
    """-t/--tracking-uri."""
    return click.option(
        "-t",
        "--tracking-uri",
        metavar="URI",
        expose_value=False,
        callback=_set_tracking_uri,
        help="A folder, or the address of a server. "
        "Default: RUNSTREAM_TRACKING_URI, then ./runstream-data.",
    )(command)


def common(command: Function) -> Function:
    """The options of every command: --json and --tracking-uri."""
    command = click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        callback=_set_json,
        help="Print JSON with the field names of the REST API.",
    )(command)
    return tracking_uri_option(command)


def one_of(what: str, *given: str | None) -> str:
    """The one value that was given, as an argument or as MLflow's option."""
    values = [value for value in given if value]
    if len(values) != 1:
        problem = "missing" if not values else "given more than once"
        raise click.UsageError(f"{what}: {problem}.")
    return values[0]


def run_argument(command: Function) -> Function:
    """RUN, or MLflow's --run-id: parameters `run` and `run_id`."""
    command = click.option(
        "-r", "--run-id", metavar="RUN", shell_complete=run_ids, help="As the argument RUN."
    )(command)
    return click.argument("run", required=False, shell_complete=run_ids)(command)


def experiment_argument(command: Function) -> Function:
    """EXPERIMENT, or MLflow's --experiment-id: parameters `experiment` and `experiment_id`."""
    command = click.option(
        "-x",
        "--experiment-id",
        metavar="ID",
        shell_complete=experiment_names,
        help="As the argument EXPERIMENT.",
    )(command)
    return click.argument("experiment", required=False, shell_complete=experiment_names)(command)


def view_option(command: Function) -> Function:
    """--view, as MLflow names it."""
    return click.option(
        "-v",
        "--view",
        type=click.Choice(VIEWS),
        default="active_only",
        show_default=True,
        help="Which to show: those that are not deleted, those that are, or both.",
    )(command)


def max_results_option(default: int) -> Callable[[Function], Function]:
    """-m/--max-results."""
    return click.option(
        "-m",
        "--max-results",
        type=click.IntRange(1, 50_000),
        default=default,
        show_default=True,
        help="At most so many.",
    )
