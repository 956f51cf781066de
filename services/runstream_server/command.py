"""The commands that the server adds to `runstream`."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from runstream_server.cluster.archive_command import archive
from runstream_server.cluster.command import doctor, service
from runstream_server.cluster.options import log_and_store_options
from runstream_server.cluster.settings import Deployment
from runstream_server.doors.command import group as tokens
from runstream_server.doors.options import Policy, policy_options
from runstream_server.listen import Listen
from runstream_server.options import PORT, log_level_option, log_to_stderr
from runstream_server.said import said

DEFAULT_FOLDER = "./runstream-data"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument(
    "folder",
    metavar="[DIR]",
    default=DEFAULT_FOLDER,
    type=click.Path(file_okay=False, path_type=Path),
)
@click.option(
    "--host",
    default="127.0.0.1",
    envvar="RUNSTREAM_HOST",
    show_envvar=True,
    show_default=True,
    help="Address to listen on. Others than this machine's own need --tokens-file or --insecure.",
)
@click.option(
    "-p",
    "--port",
    type=PORT,
    metavar="PORT",
    default=5000,
    envvar="RUNSTREAM_PORT",
    show_envvar=True,
    show_default=True,
    help="Port of HTTP; 0 is any free one.",
)
@click.option(
    "--grpc-port",
    type=PORT,
    metavar="PORT",
    envvar="RUNSTREAM_GRPC_PORT",
    show_envvar=True,
    help="Port of gRPC.  [default: the HTTP port + 1]",
)
@log_level_option
@policy_options
@click.option("--for-agent", is_flag=True, hidden=True)
@click.option("--idle-seconds", default=30.0, hidden=True, envvar="RUNSTREAM_SERVER_IDLE_SECONDS")
def server(  # noqa: PLR0913, PLR0917 (one per flag)
    folder: Path,
    host: str,
    port: int,
    grpc_port: int | None,
    log_level: str,
    for_agent: bool,
    idle_seconds: float,
    policy: Policy,
) -> None:
    """Serve DIR: one process with the event log, the tables and the artifacts.

    DIR is made when it is missing (default: ./runstream-data). Point programs
    at it with RUNSTREAM_TRACKING_URI=http://127.0.0.1:5000. Ctrl-C or SIGTERM
    finishes what is in hand and stops.

    \b
    Examples:
      runstream server
      runstream server /data/tracking --host 0.0.0.0 --tokens-file tokens.json
    """
    log_to_stderr(log_level)
    try:
        if for_agent:
            _serve_agent(folder, idle_seconds)
        else:
            second = grpc_port if grpc_port is not None else port + 1 if port else 0
            _serve(folder, Listen(host, port, second), policy)
    except Exception as error:
        raise said(error) from error


def _serve(folder: Path, listen: Listen, policy: Policy) -> None:
    # Imported here: `runstream --help` need not wait for the engine's modules.
    from runstream_server.running import serve

    serve(folder, listen, policy, click.echo)


def _serve_agent(folder: Path, idle_seconds: float) -> None:
    from runstream_server.folder import FolderServedError
    from runstream_server.running import serve_agent

    try:
        serve_agent(folder, idle_seconds, click.echo)
    except FolderServedError as error:
        # Another one serves it: what the agent wanted.
        click.echo(str(error), err=True)


ui = click.Command(
    "ui",
    params=server.params,
    callback=server.callback,
    help=server.help,
    short_help="The same as server.",
    context_settings=server.context_settings,
)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument(
    "folder", metavar="[DIR]", required=False, type=click.Path(file_okay=False, path_type=Path)
)
@click.option("--only", metavar="VIEW", help="Build this view alone: points, tags, params, …")
@click.option(
    "--accept", is_flag=True, help="On a cluster: switch although the new rows are others."
)
@click.option("--abandon", is_flag=True, help="On a cluster: drop what is being built.")
@log_and_store_options
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def rebuild(folder: Path | None, deployment: Deployment, as_json: bool, **wish: Any) -> None:
    """Build the tables again from the event log: of DIR, or of a cluster.

    The new tables are built beside the old ones, which answer until the new ones
    are whole. Broken off, it goes on where it stopped.

    DIR (default: ./runstream-data): while a server runs there, it is asked to do
    it. A cluster, when RUNSTREAM_KAFKA is set and no DIR is given: the materialize
    processes build; this command compares the new rows with the old ones, says
    how far it is, and switches. Writes and reads go on all the time.
    """
    log_to_stderr("warning")
    only = wish["only"]
    if only is not None and only not in _view_names():
        raise click.BadParameter(
            f"no view is called {only!r}; there are {', '.join(_view_names())}", param_hint="--only"
        )
    say = partial(click.echo, err=as_json)
    try:
        done = _rebuild(folder, deployment, wish, say)
    except Exception as error:
        raise said(error) from error
    if as_json:
        where = str((folder or Path(DEFAULT_FOLDER)).absolute())
        answer = {"only": only, "done": done}
        click.echo(json.dumps(answer if deployment.kafka else {"folder": where, **answer}))
    if not done:
        raise click.exceptions.Exit(1)


def _rebuild(
    folder: Path | None, deployment: Deployment, wish: dict[str, Any], say: Callable[[str], None]
) -> bool:
    from runstream_server.stopping import ENDING_SECONDS, Stop

    stop = Stop(status=1)
    stop.limit(ENDING_SECONDS)
    with stop.on_signals():
        if folder is None and deployment.kafka is not None:
            from runstream_server.cluster.rebuilding import Wish, rebuild_deployment

            return rebuild_deployment(deployment, Wish(**wish), stop.event, say)
        from runstream_server.rebuilding import rebuild_folder

        return rebuild_folder(folder or Path(DEFAULT_FOLDER), wish["only"], stop.event, say)


def _view_names() -> tuple[str, ...]:
    from runstream_server.rebuilding import VIEW_NAMES

    return VIEW_NAMES


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The server side of Runstream."""


main.add_command(server)
main.add_command(ui)
main.add_command(rebuild)
main.add_command(tokens)
main.add_command(service)
main.add_command(doctor)
main.add_command(archive)
