"""`runstream models`."""

from __future__ import annotations

import click

from runstream.cli import options, text
from runstream.cli.complete import experiment_names
from runstream.cli.output import Column, Output
from runstream.cli.resolve import experiment_of, experiments
from runstream.cli.rest import model_json
from runstream.cli.session import Session, pass_session
from runstream.entities import LoggedModel


@click.group()
def models() -> None:
    """Find and show logged models."""


@models.command("list")
@click.option(
    "-x",
    "--experiment",
    "chosen",
    multiple=True,
    metavar="EXPERIMENT",
    shell_complete=experiment_names,
    help="Only in these experiments (id or name). Default: in all.",
)
@click.option(
    "-f", "--filter", "expression", metavar="EXPRESSION", help="For example: metrics.acc > 0.9"
)
@options.max_results_option(100)
@options.common
@pass_session
def list_models(
    session: Session, chosen: tuple[str, ...], expression: str | None, max_results: int
) -> None:
    """List logged models, the newest first."""
    where = [experiment_of(session, name) for name in chosen] or experiments(session)
    found = session.client.search_logged_models(
        [experiment.experiment_id for experiment in where], expression, max_results=max_results
    )
    if session.output.as_json:
        session.output.json({"models": [model_json(model) for model in found]})
        return
    columns = ("model", "name", "type", "status", "created", "run")
    session.output.table(
        [Column(name, whole=name == "model") for name in columns], (_row(model) for model in found)
    )


def _row(model: LoggedModel) -> tuple[str, ...]:
    created = text.time(model.creation_timestamp)
    kind, run = model.model_type or "", model.source_run_id or ""
    return (model.model_id, model.name, kind, str(model.status), created, run)


@models.command()
@click.argument("model")
@options.common
@pass_session
def show(session: Session, model: str) -> None:
    """Show one logged model: attributes, params, metrics, tags."""
    found = session.client.get_logged_model(model)
    if session.output.as_json:
        session.output.json({"model": model_json(found)})
    else:
        _print(session.output, found)


def _print(output: Output, model: LoggedModel) -> None:
    output.pairs(
        (
            ("model", model.model_id),
            ("name", model.name),
            ("type", model.model_type or ""),
            ("experiment", model.experiment_id),
            ("run", model.source_run_id or ""),
            ("status", str(model.status)),
            ("created", text.time(model.creation_timestamp)),
            ("artifacts", model.artifact_location),
        )
    )
    if model.params:
        output.heading("Params")
        output.pairs(sorted(model.params.items()))
    if model.metrics:
        output.heading("Metrics")
        columns = (
            Column("key", whole=True), Column("latest", True), Column("step", True),
            Column("dataset"), Column("run"),
        )  # fmt: skip
        output.table(
            columns,
            (
                (m.key, text.number(m.value), str(m.step), m.dataset_name or "", m.run_id or "")
                for m in model.metrics
            ),
        )
    if model.tags:
        output.heading("Tags")
        output.pairs(sorted(model.tags.items()))
