"""`runstream archive`."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import partial

import click

from runstream_server.cluster.options import archive_options, deployment_options, flag
from runstream_server.cluster.settings import Deployment
from runstream_server.options import log_level_option, log_to_stderr
from runstream_server.said import said

_HELP = {"help_option_names": ["-h", "--help"]}


@click.group(context_settings=_HELP, invoke_without_command=True)
@click.option("--follow", is_flag=True, help="Go on: archive again and again until stopped.")
@flag(
    "--archive-interval-seconds",
    "With --follow: from the beginning of one pass to that of the next.",
    type=click.FloatRange(1),
    default=3600.0,
    show_default=True,
)
@log_level_option
@deployment_options
def archive(
    deployment: Deployment, follow: bool, archive_interval_seconds: float, log_level: str
) -> None:
    """Copy the log of a cluster to its archive, so that Kafka need not keep it.

    Copies what the topics hold and the archive does not: compressed, checksummed,
    from where the last one ended. May be killed, and run twice at once. When it
    returns, all that was in the log when it began is archived. Once there is an
    archive, the events topic may have a finite retention.ms.

    \b
    Examples:
      export RUNSTREAM_ARCHIVE=s3:archive
      runstream archive
      runstream archive --follow --archive-interval-seconds 900
      runstream archive verify
      runstream archive restore --dry-run
    """
    if click.get_current_context().invoked_subcommand is not None:
        return
    log_to_stderr(log_level)
    interval = archive_interval_seconds if follow else None
    try:
        done = _archive(deployment, interval)
    except Exception as error:
        raise said(error) from error
    if not done:
        raise click.exceptions.Exit(1)


def _archive(deployment: Deployment, interval_seconds: float | None) -> bool:
    from runstream_server.cluster.archiving import archive_deployment
    from runstream_server.stopping import Stop

    stop = Stop()
    with stop.on_signals():
        return archive_deployment(deployment, interval_seconds, stop.event, click.echo)


@archive.command(context_settings=_HELP)
@archive_options
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def verify(deployment: Deployment, as_json: bool) -> None:
    """Read the whole archive again and compare it with its checksums.

    Exit code 1 when something is damaged or missing.
    """
    from runstream_server.cluster.archiving import verify_archive
    from runstream_server.stopping import Stop

    stop = Stop()
    try:
        with stop.on_signals():
            found = verify_archive(deployment, stop.event, partial(click.echo, err=as_json))
    except Exception as error:
        raise said(error) from error
    if as_json:
        click.echo(json.dumps(asdict(found), indent=2))
    if found.damaged or not found.whole:
        raise click.exceptions.Exit(1)


@archive.command(context_settings=_HELP)
@deployment_options
@click.option("--dry-run", is_flag=True, help="Say what would be done; change nothing.")
@log_level_option
def restore(deployment: Deployment, dry_run: bool, log_level: str) -> None:
    """Make the log again from its archive, when Kafka has lost it.

    Into topics that are gone, empty, or of a new --kafka-prefix: every record comes to
    its old offset. End every process of the deployment first. Whatever came after the
    archive's end is lost, and agents that were told it was accepted do not send it again.
    No process comes in before it is finished; killed, the same command goes on, after
    comparing what is there with the archive.

    Tables that hold something that was lost cannot go on with it, and are refused by
    every process: name another, empty database then. Give RUNSTREAM_CLICKHOUSE as the
    deployment has it, so that this command sees which it is.

    \b
    Examples:
      runstream archive restore --dry-run
      runstream archive restore
      runstream archive restore --kafka-prefix runstream2
    """
    log_to_stderr(log_level)
    try:
        done = _restore(deployment, dry_run)
    except Exception as error:
        raise said(error) from error
    if not done:
        raise click.exceptions.Exit(1)


def _restore(deployment: Deployment, dry_run: bool) -> bool:
    from runstream_server.cluster.restoring import restore_deployment
    from runstream_server.stopping import Stop

    stop = Stop()
    with stop.on_signals():
        return restore_deployment(deployment, dry_run, stop.event, click.echo)
