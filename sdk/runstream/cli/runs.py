"""`runstream runs`."""

from __future__ import annotations

import time
from typing import Any

import click

from runstream.cli import options, text, verify, wide
from runstream.cli.complete import experiment_names
from runstream.cli.output import Column, Output
from runstream.cli.resolve import experiment_of, experiments, run_id_of
from runstream.cli.rest import number_json, run_json
from runstream.cli.session import Session, pass_session
from runstream.entities import DatasetInput, Run, ViewType


@click.group()
def runs() -> None:
    """Find, show and verify runs.

    RUN is an id, or as much of its beginning or end as tells it apart.
    """


runs.add_command(verify.verify)


def _experiment_option(command: options.Function) -> options.Function:
    return click.option(
        "-x",
        "--experiment",
        "--experiment-id",
        "chosen",
        multiple=True,
        metavar="EXPERIMENT",
        shell_complete=experiment_names,
        help="Only in these experiments (id or name). Default: in all.",
    )(command)


def _columns_option(command: options.Function) -> options.Function:
    return click.option(
        "-c",
        "--columns",
        metavar="NAMES",
        help="For example: metrics.loss,params.lr,tags.team. Default: a few that tell most.",
    )(command)


@runs.command("list")
@_experiment_option
@_columns_option
@options.view_option
@options.max_results_option(100)
@options.common
@pass_session
def list_runs(
    session: Session, chosen: tuple[str, ...], columns: str | None, view: str, max_results: int
) -> None:
    """List runs, the newest first."""
    _search(session, chosen, columns, run_view_type=view, max_results=max_results)


@runs.command(short_help="Search runs by metrics, params, tags and attributes.")
@click.argument("expression", required=False)
@click.option("-f", "--filter", metavar="EXPRESSION", help="As the argument EXPRESSION.")
@click.option(
    "-o", "--order-by", multiple=True, metavar="KEY", help="For example: metrics.loss ASC."
)
@_experiment_option
@_columns_option
@options.view_option
@options.max_results_option(100)
@options.common
@pass_session
def search(session: Session, /, expression: str | None, filter: str | None, **found: Any) -> None:
    """Search runs by metrics, params, tags and attributes.

    For example: "metrics.loss < 0.1 AND params.optimizer = 'sgd'"
    """
    if expression and filter:
        raise click.UsageError("EXPRESSION: given more than once.")
    _search(
        session,
        found["chosen"],
        found["columns"],
        filter_string=expression or filter or "",
        order_by=list(found["order_by"]) or None,
        run_view_type=found["view"],
        max_results=found["max_results"],
    )


def _search(session: Session, chosen: tuple[str, ...], columns: str | None, **search: Any) -> None:
    search["run_view_type"] = ViewType.from_string(search["run_view_type"])
    found = session.client.search_runs(_experiment_ids(session, chosen), **search)
    if session.output.as_json:
        session.output.json({"runs": [run_json(run) for run in found]})
        return
    picked = wide.Chosen(columns.split(",")) if columns else wide.choose(found)
    short = None
    if session.output.on_terminal:
        # Ids begin with a time; their ends differ, and every command takes them.
        short = wide.Short(wide.short_length(found), time.time() * 1000)
    rows = [wide.row_of(run, picked.names, short) for run in found]
    session.output.table(wide.columns_of(picked.names), rows)
    if session.output.on_terminal and picked.left_out:
        more = f"{text.count(picked.left_out)} more metrics and params"
        session.output.line(f"{more}: choose with --columns, or --json for all.", "dim")


def _experiment_ids(session: Session, chosen: tuple[str, ...]) -> list[str]:
    if chosen:
        return [experiment_of(session, name).experiment_id for name in chosen]
    # Deleted experiments too: a run in them can be restored alone.
    return [experiment.experiment_id for experiment in experiments(session)]


@runs.command()
@options.run_argument
@options.common
@pass_session
def show(session: Session, run: str | None, run_id: str | None) -> None:
    """Show one run: attributes, params, latest metrics, tags, inputs, outputs."""
    chosen = run_id_of(session, options.one_of("RUN", run, run_id))
    found = session.client.get_run(chosen)
    if session.output.as_json:
        session.output.json({"run": run_json(found)})
    else:
        _print_run(session.output, found)


def _print_run(output: Output, run: Run) -> None:
    info = run.info
    output.pairs(
        (
            ("run", info.run_id),
            ("name", info.run_name or ""),
            ("experiment", info.experiment_id),
            ("status", info.status),
            ("stage", info.lifecycle_stage),
            ("started", text.time(info.start_time)),
            ("ended", text.time(info.end_time)),
            ("took", text.duration(info.start_time, info.end_time)),
            ("user", info.user_id),
            ("artifacts", info.artifact_uri or ""),
        )
    )
    if info.lost_since:
        output.line(f"Nothing was heard of it since {text.time(info.lost_since)}.", "yellow")
    if run.data.params:
        output.heading("Params")
        output.pairs(sorted(run.data.params.items()))
    if run.data.metric_list:
        output.heading("Metrics")
        columns = (Column("key", whole=True), Column("latest", True), Column("step", True))
        metrics = sorted(run.data.metric_list, key=lambda metric: metric.key)
        output.table(columns, ((m.key, text.number(m.value), str(m.step)) for m in metrics))
    if run.data.tags:
        output.heading("Tags")
        output.pairs(sorted(run.data.tags.items()))
    _print_inputs(output, run)


def _print_inputs(output: Output, run: Run) -> None:
    """Datasets and models that it read and wrote."""
    if run.inputs.dataset_inputs:
        output.heading("Datasets")
        names = ("dataset", "digest", "context", "source")
        output.table([Column(name) for name in names], map(_dataset_row, run.inputs.dataset_inputs))
    used = [(one.model_id, "read", "") for one in run.inputs.model_inputs]
    used += [(one.model_id, "written", str(one.step)) for one in run.outputs.model_outputs]
    if used:
        output.heading("Models")
        output.table((Column("model", whole=True), Column("use"), Column("step", True)), used)


def _dataset_row(item: DatasetInput) -> tuple[str, ...]:
    context = next((tag.value for tag in item.tags if tag.key == "mlflow.data.context"), "")
    return (item.dataset.name, item.dataset.digest, context, item.dataset.source)


@runs.command()
@options.run_argument
@options.common
@pass_session
def describe(session: Session, run: str | None, run_id: str | None) -> None:
    """Print one run as JSON, as `mlflow runs describe` does."""
    chosen = run_id_of(session, options.one_of("RUN", run, run_id))
    found = session.client.get_run(chosen)
    if session.output.as_json:
        session.output.json({"run": run_json(found)})
        return
    whole = found.to_dictionary()
    metrics = {key: number_json(value) for key, value in found.data.metrics.items()}
    session.output.json({**whole, "data": {**whole["data"], "metrics": metrics}})


@runs.command()
@options.run_argument
@options.common
@pass_session
def delete(session: Session, run: str | None, run_id: str | None) -> None:
    """Delete a run; `restore` brings it back."""
    chosen = run_id_of(session, options.one_of("RUN", run, run_id))
    session.client.delete_run(chosen)
    session.output.done(f"Deleted run {chosen}")


@runs.command()
@options.run_argument
@options.common
@pass_session
def restore(session: Session, run: str | None, run_id: str | None) -> None:
    """Restore a deleted run."""
    chosen = run_id_of(session, options.one_of("RUN", run, run_id))
    session.client.restore_run(chosen)
    session.output.done(f"Restored run {chosen}")
