"""`runstream migrate`: bring the tables on a ClickHouse server up to date, or show how."""

from __future__ import annotations

import json

import click


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--clickhouse",
    metavar="URL",
    required=True,
    envvar="RUNSTREAM_CLICKHOUSE",
    show_envvar=True,
    help="http(s)://user:password@host:8123/database; the database is made when it is missing.",
)
@click.option(
    "--clickhouse-cluster",
    metavar="NAME",
    default="",
    envvar="RUNSTREAM_CLICKHOUSE_CLUSTER",
    show_envvar=True,
    help="Cluster in the server's configuration whose replicas hold the tables.  [default: none]",
)
@click.option("--dry-run", is_flag=True, help="Print the statements and run none.")
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def migrate(clickhouse: str, clickhouse_cluster: str, dry_run: bool, as_json: bool) -> None:
    """Make or change the tables on a ClickHouse server.

    Services do the same when they start, one at a time. With --dry-run the
    statements are printed, to be read, or run by somebody with more rights.
    """
    # Imported here: `runstream --help` need not wait for them.
    from runstream_server.stopping import STARTING_SECONDS, Stop
    from runstream_server.store.address import AddressError, parse_address
    from runstream_server.store.errors import StoreError
    from runstream_server.store.open import migration_plan, open_store

    stop = Stop(status=1)
    stop.limit(STARTING_SECONDS)
    try:
        address = parse_address(clickhouse, clickhouse_cluster)
        # A statement in hand is finished, when it is a short one.
        with stop.on_signals():
            statements = migration_plan(address)
            if statements and not dry_run:
                open_store(address).close()
    except (AddressError, StoreError) as error:
        raise click.ClickException(str(error)) from None
    _say(statements, dry_run, as_json)


def _say(statements: tuple[str, ...], dry_run: bool, as_json: bool) -> None:
    if as_json:
        answer = {"statements": list(statements), "done": not dry_run}
        click.echo(json.dumps(answer))
    elif dry_run:
        for statement in statements:
            click.echo(f"{statement};")
    elif statements:
        click.echo(f"The tables are up to date after {len(statements)} statements.")
    if not statements and not as_json:
        click.echo("The tables are up to date.")
