"""`runstream backup`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument(
    "folder", metavar="DIR", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.argument("target", metavar="TARGET", type=click.Path(path_type=Path))
@click.option("--without-artifacts", is_flag=True, help="For folders that are copied otherwise.")
def backup(folder: Path, target: Path, without_artifacts: bool) -> None:
    """Copy the log and the artifacts of DIR to the new folder TARGET.

    A server may go on there. Serve TARGET, or a copy of it, to restore: the
    tables are built from the log at the first start.
    """
    from runstream_server.backup import back_up
    from runstream_server.eventlog.port import LogUnavailableError
    from runstream_server.folder import FolderError

    try:
        done = back_up(folder.absolute(), target.absolute(), not without_artifacts)
    except (FolderError, LogUnavailableError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"{target}: {done.log_bytes:,} bytes of log, {done.artifacts:,} artifacts "
        f"with {done.artifact_bytes:,} bytes"
    )
