"""The tree of commands, and how an error becomes a sentence and an exit code."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module, metadata
from typing import Any

import click

from runstream.cli.options import tracking_uri_option
from runstream.cli.session import Session
from runstream.error_codes import INVALID_PARAMETER_VALUE
from runstream.exceptions import MlflowException, RunstreamError

INTERRUPTED = 130
PROGRAM = "runstream"
# Where other distributions, and the server, add commands.
ENTRY_POINTS = "runstream.commands"

# Imported when asked for: `runstream --help` and completion have to be quick.
OWN: dict[str, str] = {
    "agent": "runstream.cli.agent:agent",
    "artifacts": "runstream.cli.artifacts:artifacts",
    "completion": "runstream.cli.completion:completion",
    "experiments": "runstream.cli.experiments:experiments",
    "metrics": "runstream.cli.metrics:metrics",
    "models": "runstream.cli.models:models",
    "runs": "runstream.cli.runs:runs",
}


class Commands(click.Group):
    """Commands of the SDK, and those that `runstream[server]` adds."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted({*OWN, *_added()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name in OWN:
            module, _, attribute = OWN[cmd_name].partition(":")
            command: click.Command = getattr(import_module(module), attribute)
            return command
        added = _added().get(cmd_name)
        return load(added) if added else None


def _added() -> dict[str, metadata.EntryPoint]:
    return {point.name: point for point in metadata.entry_points(group=ENTRY_POINTS)}


def load(point: metadata.EntryPoint) -> click.Command:
    """The command behind an entry point, or one that says why it cannot be had."""
    try:
        command: click.Command = point.load()
    except ModuleNotFoundError as error:
        return unavailable(
            point.name,
            f"`runstream {point.name}` needs the server, which is not installed here (no module "
            f"{error.name}): pip install 'runstream[server]'",
        )
    except (ImportError, AttributeError) as error:
        # A broken addition must not take the other commands with it.
        return unavailable(point.name, f"`runstream {point.name}` cannot be loaded: {error}")
    return command


def unavailable(name: str, sentence: str) -> click.Command:
    """A command that only says why it is not there."""

    def refuse(**_: Any) -> None:
        raise click.ClickException(sentence)

    return click.Command(
        name,
        callback=refuse,
        params=[click.Argument(["arguments"], nargs=-1, type=click.UNPROCESSED)],
        context_settings={"ignore_unknown_options": True},
        add_help_option=False,
        short_help="Not available here.",
    )


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@tracking_uri_option
@click.version_option(package_name="runstream", prog_name=PROGRAM)
def cli() -> None:
    """Track experiments: runs, their metrics and their artifacts.

    Every command takes --json (REST field names) and -t/--tracking-uri.
    """


def run(arguments: Sequence[str], session: Session | None = None) -> int:
    """Run one command line and return its exit code."""
    try:
        result = cli.main(
            list(arguments), prog_name=PROGRAM, standalone_mode=False, obj=session or Session()
        )
    except click.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except MlflowException as error:
        click.echo(f"Error: {error.message}", err=True)
        return 2 if error.error_code == INVALID_PARAMETER_VALUE else 1
    except RunstreamError as error:
        click.echo(f"Error: {error}", err=True)
        return 1
    except BrokenPipeError:
        return 1
    return result if isinstance(result, int) else 0
