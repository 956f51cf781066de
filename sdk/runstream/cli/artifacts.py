"""`runstream artifacts`."""

from __future__ import annotations

from pathlib import Path

import click

from runstream.cli import options, text
from runstream.cli.complete import run_ids
from runstream.cli.output import Column
from runstream.cli.resolve import run_id_of
from runstream.cli.rest import file_json
from runstream.cli.session import Session, pass_session

COLUMNS = (Column("path", whole=True), Column("size", number=True))


@click.group()
def artifacts() -> None:
    """List, fetch and log the files of runs."""


def _artifact_path_option(command: options.Function) -> options.Function:
    return click.option(
        "-a", "--artifact-path", metavar="PATH", help="In the run: a folder or a file."
    )(command)


@artifacts.command("list")
@options.run_argument
@_artifact_path_option
@options.common
@pass_session
def list_artifacts(
    session: Session, run: str | None, run_id: str | None, artifact_path: str | None
) -> None:
    """List the files and folders of a run, or of a folder in it."""
    chosen = run_id_of(session, options.one_of("RUN", run, run_id))
    files = session.client.list_artifacts(chosen, artifact_path)
    if session.output.as_json:
        root = session.client.get_run(chosen).info.artifact_uri
        session.output.json({"root_uri": root, "files": [file_json(file) for file in files]})
        return
    names = ((f"{file.path}/" if file.is_dir else file.path, file.file_size) for file in files)
    session.output.table(COLUMNS, ((name, text.size(size_bytes)) for name, size_bytes in names))


@artifacts.command()
@options.run_argument
@_artifact_path_option
@click.option("-u", "--artifact-uri", metavar="URI", help="Instead of RUN: runs:/RUN/PATH.")
@click.option(
    "-d",
    "--dst-path",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write to. Default: a new temporary folder.",
)
@options.common
@pass_session
def download(
    session: Session,
    run: str | None,
    run_id: str | None,
    artifact_path: str | None,
    artifact_uri: str | None,
    dst_path: Path | None,
) -> None:
    """Fetch a file, a folder, or all files of a run, and print where they are."""
    chosen = options.one_of("RUN", run, run_id, artifact_uri)
    path = artifact_path or ""
    if artifact_uri is not None:
        chosen, path = _parsed(artifact_uri)
    if dst_path is not None:
        dst_path.mkdir(parents=True, exist_ok=True)
    destination = str(dst_path) if dst_path else None
    with session.output.transfers():
        local = session.client.download_artifacts(run_id_of(session, chosen), path, destination)
    if session.output.as_json:
        session.output.json({"path": local})
    else:
        session.output.line(local)


def _parsed(uri: str) -> tuple[str, str]:
    """The run and the path of `runs:/RUN/PATH`."""
    scheme, _, rest = uri.partition(":/")
    run, _, path = rest.strip("/").partition("/")
    if scheme != "runs" or not run:
        raise click.UsageError(f"--artifact-uri: {uri!r} is not of the form runs:/RUN/PATH.")
    return run, path


@artifacts.command("log-artifact")
@click.option(
    "-l", "--local-file", required=True, type=click.Path(exists=True), help="The file to log."
)
@click.option(
    "-r", "--run-id", required=True, metavar="RUN", shell_complete=run_ids, help="The run."
)
@_artifact_path_option
@options.common
@pass_session
def log_artifact(session: Session, local_file: str, run_id: str, artifact_path: str | None) -> None:
    """Log a file to a run."""
    chosen = run_id_of(session, run_id)
    with session.output.transfers():
        session.client.log_artifact(chosen, local_file, artifact_path)
        session.calls.flush()
    session.output.done(f"Logged {local_file} to run {chosen}")


@artifacts.command("log-artifacts")
@click.option(
    "-l",
    "--local-dir",
    required=True,
    type=click.Path(exists=True, file_okay=False),
    help="The folder whose files to log.",
)
@click.option(
    "-r", "--run-id", required=True, metavar="RUN", shell_complete=run_ids, help="The run."
)
@_artifact_path_option
@options.common
@pass_session
def log_artifacts(session: Session, local_dir: str, run_id: str, artifact_path: str | None) -> None:
    """Log the files of a folder to a run."""
    chosen = run_id_of(session, run_id)
    with session.output.transfers():
        session.client.log_artifacts(chosen, local_dir, artifact_path)
        session.calls.flush()
    session.output.done(f"Logged the files of {local_dir} to run {chosen}")
