"""The commands that the server adds to `runstream`."""

from __future__ import annotations

import json
import logging
from functools import partial
from pathlib import Path
from typing import Any

import click

DEFAULT_FOLDER = "./runstream-data"


class _Port(click.IntRange):
    """A port. Kubernetes sets RUNSTREAM_PORT=tcp://… for a service of our name."""

    name = "port"

    def __init__(self) -> None:
        super().__init__(0, 65535)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and value.startswith("tcp://"):
            return None if param is None else param.default
        return super().convert(value, param, ctx)


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
    help="Address to listen on. 0.0.0.0 lets other machines in: there is no login, so only "
    "in a network that you trust.",
)
@click.option(
    "-p",
    "--port",
    type=_Port(),
    metavar="PORT",
    default=5000,
    envvar="RUNSTREAM_PORT",
    show_envvar=True,
    show_default=True,
    help="Port of HTTP; 0 is any free one.",
)
@click.option(
    "--grpc-port",
    type=_Port(),
    metavar="PORT",
    envvar="RUNSTREAM_GRPC_PORT",
    show_envvar=True,
    help="Port of gRPC.  [default: the HTTP port + 1]",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="warning",
    envvar="RUNSTREAM_LOG_LEVEL",
    show_envvar=True,
    show_default=True,
    help="How much goes to standard error.",
)
@click.option("--for-agent", is_flag=True, hidden=True)
@click.option("--idle-seconds", default=30.0, hidden=True, envvar="RUNSTREAM_SERVER_IDLE_SECONDS")
def server(
    folder: Path,
    host: str,
    port: int,
    grpc_port: int | None,
    log_level: str,
    for_agent: bool,
    idle_seconds: float,
) -> None:
    """Serve DIR: one process with the event log, the tables and the artifacts.

    DIR is made when it is missing (default: ./runstream-data). Point programs
    at it with RUNSTREAM_TRACKING_URI=http://127.0.0.1:5000. Ctrl-C or SIGTERM
    finishes what is in hand and stops.

    \b
    Examples:
      runstream server
      runstream server /data/tracking --host 0.0.0.0 --port 8080
    """
    _log_to_stderr(log_level)
    try:
        if for_agent:
            _serve_agent(folder, idle_seconds)
        else:
            second = grpc_port if grpc_port is not None else port + 1 if port else 0
            _serve(folder, host, port, second)
    except Exception as error:
        raise _said(error) from error


def _serve(folder: Path, host: str, port: int, grpc_port: int) -> None:
    # Imported here: `runstream --help` need not wait for the engine's modules.
    from runstream_server.running import Listen, serve

    serve(folder, Listen(host, port, grpc_port), click.echo)


def _serve_agent(folder: Path, idle_seconds: float) -> None:
    from runstream_server.folder import FolderServedError
    from runstream_server.running import serve_agent

    try:
        serve_agent(folder, idle_seconds, click.echo)
    except FolderServedError as error:
        # Another one serves it: what the agent wanted.
        click.echo(str(error), err=True)


def _said(error: Exception) -> Exception:
    """A known error as one sentence, without a trace; others as they are."""
    from runstream_server.eventlog.port import LogMismatchError, LogUnavailableError
    from runstream_server.folder import FolderError
    from runstream_server.store.errors import StoreError

    known = isinstance(error, FolderError | LogMismatchError | LogUnavailableError | StoreError)
    return click.ClickException(str(error)) if known else error


def _log_to_stderr(level: str) -> None:
    logging.basicConfig(
        level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )


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
    "folder",
    metavar="[DIR]",
    default=DEFAULT_FOLDER,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option("--only", metavar="VIEW", help="Build this view alone: points, tags, params, …")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def rebuild(folder: Path, only: str | None, as_json: bool) -> None:
    """Build the tables of DIR again from its event log.

    While a server runs there, it is asked to: it builds the new tables beside
    the old ones, which answer until the new ones are whole. Otherwise this
    command does it; broken off, it goes on where it stopped.
    """
    _log_to_stderr("warning")
    try:
        done = _rebuild(folder, only, as_json)
    except Exception as error:
        raise _said(error) from error
    if as_json:
        click.echo(json.dumps({"folder": str(folder.absolute()), "only": only, "done": done}))
    if not done:
        raise click.exceptions.Exit(1)


def _rebuild(folder: Path, only: str | None, as_json: bool) -> bool:
    from runstream_server.rebuilding import VIEW_NAMES, rebuild_folder
    from runstream_server.running import Stop

    if only is not None and only not in VIEW_NAMES:
        raise click.BadParameter(
            f"no view is called {only!r}; there are {', '.join(VIEW_NAMES)}", param_hint="--only"
        )
    stop = Stop()
    with stop.on_signals():
        return rebuild_folder(folder, only, stop.event, partial(click.echo, err=as_json))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The server side of Runstream."""


main.add_command(server)
main.add_command(ui)
main.add_command(rebuild)
