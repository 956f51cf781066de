"""`runstream experiments`."""

from __future__ import annotations

from typing import IO, Any

import click

from runstream.cli import options, text
from runstream.cli.complete import experiment_names
from runstream.cli.output import Column
from runstream.cli.resolve import experiment_of, runs_of
from runstream.cli.rest import experiment_json, run_json
from runstream.cli.session import Session, pass_session
from runstream.cli.wide import write_csv
from runstream.entities import Experiment, ViewType

COLUMNS = (
    Column("id", number=True),
    Column("name", whole=True),
    Column("stage"),
    Column("created", whole=True),
    Column("artifacts"),
)


@click.group()
def experiments() -> None:
    """Create, find and change experiments. EXPERIMENT is an id or a name."""


@experiments.command()
@click.argument("name", required=False)
@click.option("-n", "--experiment-name", metavar="NAME", help="As the argument NAME.")
@click.option("-l", "--artifact-location", metavar="URI", help="Where its artifacts go.")
@options.common
@pass_session
def create(
    session: Session, name: str | None, experiment_name: str | None, artifact_location: str | None
) -> None:
    """Create an experiment and print its id."""
    chosen = options.one_of("NAME", name, experiment_name)
    created = session.client.create_experiment(chosen, artifact_location=artifact_location)
    if session.output.as_json:
        session.output.json({"experiment_id": created})
    else:
        session.output.line(f"Created experiment '{chosen}' with id {created}")


def _search(session: Session, view: str, max_results: int, **search: Any) -> None:
    """Both names of the command: `list` here, `search` in MLflow."""
    found = session.client.search_experiments(
        view_type=ViewType.from_string(view), max_results=max_results, **search
    )
    if session.output.as_json:
        session.output.json({"experiments": [experiment_json(one) for one in found]})
    else:
        session.output.table(COLUMNS, map(_row, found))


def _row(experiment: Experiment) -> tuple[str, ...]:
    return (
        experiment.experiment_id,
        experiment.name,
        experiment.lifecycle_stage,
        text.time(experiment.creation_time),
        experiment.artifact_location,
    )


@experiments.command("list")
@options.view_option
@options.max_results_option(1000)
@options.common
@pass_session
def list_experiments(session: Session, view: str, max_results: int) -> None:
    """List experiments, the newest first."""
    _search(session, view, max_results)


@experiments.command()
@click.option("-f", "--filter", metavar="EXPRESSION", help="For example: name LIKE 'digits%'.")
@click.option("--order-by", multiple=True, metavar="KEY", help="For example: name ASC.")
@options.view_option
@options.max_results_option(1000)
@options.common
@pass_session
def search(
    session: Session, filter: str | None, order_by: tuple[str, ...], view: str, max_results: int
) -> None:
    """Search experiments."""
    _search(session, view, max_results, filter_string=filter, order_by=list(order_by) or None)


@experiments.command()
@options.experiment_argument
@click.option(
    "-n",
    "--experiment-name",
    metavar="NAME",
    shell_complete=experiment_names,
    help="As the argument EXPERIMENT.",
)
@options.common
@pass_session
def get(
    session: Session,
    experiment: str | None,
    experiment_id: str | None,
    experiment_name: str | None,
) -> None:
    """Show one experiment."""
    chosen = options.one_of("EXPERIMENT", experiment, experiment_id, experiment_name)
    found = experiment_of(session, chosen)
    if session.output.as_json:
        session.output.json({"experiment": experiment_json(found)})
        return
    session.output.pairs(
        (
            ("name", found.name),
            ("id", found.experiment_id),
            ("stage", found.lifecycle_stage),
            ("created", text.time(found.creation_time)),
            ("changed", text.time(found.last_update_time)),
            ("artifacts", found.artifact_location),
            *((f"tag {key}", value) for key, value in sorted(found.tags.items())),
        )
    )


@experiments.command()
@click.argument("names", nargs=-1, metavar="[EXPERIMENT] NEW_NAME", shell_complete=experiment_names)
@click.option("-x", "--experiment-id", metavar="ID", help="As the argument EXPERIMENT.")
@click.option("-n", "--new-name", metavar="NAME", help="As the argument NEW_NAME.")
@options.common
@pass_session
def rename(
    session: Session, names: tuple[str, ...], experiment_id: str | None, new_name: str | None
) -> None:
    """Give an experiment another name."""
    given = list(names)
    chosen = experiment_id or (given.pop(0) if given else None)
    name = new_name or (given.pop(0) if given else None)
    if chosen is None or name is None or given:
        raise click.UsageError("It takes an experiment and its new name.")
    found = experiment_of(session, chosen)
    session.client.rename_experiment(found.experiment_id, name)
    session.output.done(f"Renamed experiment {found.experiment_id} to '{name}'")


@experiments.command()
@options.experiment_argument
@options.common
@pass_session
def delete(session: Session, experiment: str | None, experiment_id: str | None) -> None:
    """Delete an experiment and its runs; `restore` brings them back."""
    found = experiment_of(session, options.one_of("EXPERIMENT", experiment, experiment_id))
    session.client.delete_experiment(found.experiment_id)
    session.output.done(f"Deleted experiment {found.experiment_id} ('{found.name}')")


@experiments.command()
@options.experiment_argument
@options.common
@pass_session
def restore(session: Session, experiment: str | None, experiment_id: str | None) -> None:
    """Restore a deleted experiment and all its runs."""
    found = experiment_of(session, options.one_of("EXPERIMENT", experiment, experiment_id))
    session.client.restore_experiment(found.experiment_id)
    session.output.done(f"Restored experiment {found.experiment_id} ('{found.name}')")


@experiments.command("csv")
@options.experiment_argument
@click.option(
    "-o", "--filename", type=click.File("w", lazy=True), default="-", help="A file; else stdout."
)
@options.common
@pass_session
def as_csv(
    session: Session, experiment: str | None, experiment_id: str | None, filename: IO[str]
) -> None:
    """Write all runs of an experiment, deleted ones too, as CSV."""
    found = experiment_of(session, options.one_of("EXPERIMENT", experiment, experiment_id))
    runs = list(runs_of(session, found.experiment_id))
    if session.output.as_json:
        session.output.json({"runs": [run_json(run) for run in runs]})
    else:
        write_csv(filename, runs)
