"""`runstream service …` and `runstream doctor`."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from runstream_server.cluster.options import (
    deployment_options,
    flag,
    log_and_blobs_options,
    log_and_store_options,
)
from runstream_server.cluster.settings import Deployment
from runstream_server.doors.options import Policy, policy_options
from runstream_server.listen import Listen
from runstream_server.options import PORT, log_level_option, log_to_stderr
from runstream_server.said import said

if TYPE_CHECKING:
    from runstream_server.cluster.work import Begin

_HELP = {"help_option_names": ["-h", "--help"]}


@click.group(context_settings=_HELP)
def service() -> None:
    """Run one process of a cluster over Kafka, ClickHouse and S3.

    Any number of each may run: ingest takes writes, materialize fills the
    tables, query answers reads, gateway is the address for clients. Every flag is
    also a variable: --kafka is RUNSTREAM_KAFKA. Ctrl-C or SIGTERM ends a process
    in good order. Each answers /health, /ready and /metrics over HTTP.

    \b
    Example:
      export RUNSTREAM_KAFKA=kafka:9092
      export RUNSTREAM_CLICKHOUSE=http://runstream:secret@clickhouse:8123/runstream
      runstream doctor
      runstream service materialize
    """


def _listening(port: int, grpc_port: int = 0) -> Callable[..., Any]:
    """--host, --port, and --grpc-port where the role has one; flags of doors and limits."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        decorated = policy_options(log_level_option(command))
        if grpc_port:
            decorated = flag(
                "--grpc-port", "Port of gRPC.", type=PORT, default=grpc_port, show_default=True
            )(decorated)
        decorated = flag(
            "--port",
            "Port of HTTP; 0 is any free one.",
            type=PORT,
            default=port,
            show_default=True,
        )(decorated)
        return flag(
            "--host",
            "Address to listen on. Others than this machine's own need --tokens-file or "
            "--insecure.",
            default="127.0.0.1",
            show_default=True,
        )(decorated)

    return decorate


@service.command(context_settings=_HELP)
@_listening(5100, 5101)
@flag(
    "--upload-keep-hours",
    "An upload in parts that was begun longer ago and not finished is removed.",
    type=click.FloatRange(0),
    # Agents keep trying: one whose node was off for a weekend goes on where it was.
    default=168.0,
    show_default=True,
)
@log_and_blobs_options
def ingest(
    deployment: Deployment,
    log_level: str,
    policy: Policy,
    upload_keep_hours: float,
    **listen: Any,
) -> None:
    """Take writes into the log, and hand out tickets for artifacts."""
    log_to_stderr(log_level)

    def work() -> Begin:
        from runstream_server.cluster.ingest import Ingest

        return partial(Ingest, deployment, upload_keep_hours=upload_keep_hours)

    _run("ingest", work, Listen(**listen), policy)


@service.command(context_settings=_HELP)
@_listening(5200)
@log_and_store_options
def materialize(deployment: Deployment, log_level: str, policy: Policy, **listen: Any) -> None:
    """Fill the tables from the log; all that run share its partitions."""
    log_to_stderr(log_level)

    def work() -> Begin:
        from runstream_server.cluster.materialize import Materialize

        return partial(Materialize, deployment)

    _run("materialize", work, Listen(grpc_port=0, **listen), policy)


@service.command(context_settings=_HELP)
@_listening(5300, 5301)
@flag(
    "--public-url",
    "Address of the gateway as clients reach it, told to those who speak gRPC alone.",
    metavar="URL",
    default="",
)
@log_and_store_options
def query(
    deployment: Deployment, log_level: str, policy: Policy, public_url: str, **listen: Any
) -> None:
    """Answer reads from the tables."""
    log_to_stderr(log_level)

    def work() -> Begin:
        from runstream_server.cluster.query import Query

        return partial(Query, deployment, http_address=public_url)

    _run("query", work, Listen(**listen), policy)


def _addresses(_ctx: click.Context, _param: click.Parameter, value: str) -> tuple[str, ...]:
    return tuple(one.strip() for one in value.split(",") if one.strip())


@service.command(context_settings=_HELP)
@_listening(5000, 5001)
@flag(
    "--ingest",
    "Ingest processes to pass writes to.",
    metavar="HOST:PORT,…",
    callback=_addresses,
    default="127.0.0.1:5101",
    show_default=True,
)
@flag(
    "--query",
    "Query processes to pass reads to.",
    metavar="HOST:PORT,…",
    callback=_addresses,
    default="127.0.0.1:5301",
    show_default=True,
)
@flag(
    "--public-ingest",
    "Where agents reach ingest themselves; empty: they come through the gateway.",
    metavar="HOST:PORT,…",
    callback=_addresses,
    default="",
)
@flag(
    "--public-query",
    "Where agents reach query themselves; empty: they come through the gateway.",
    metavar="HOST:PORT,…",
    callback=_addresses,
    default="",
)
@flag(
    "--upstream-token",
    "Token for calls to ingest and query. Better set by its variable.",
    default="",
)
@flag("--upstream-tls", "Call ingest and query by TLS.", is_flag=True)
@flag(
    "--upstream-ca",
    "PEM file: who signed their certificates.  [default: whom the machine trusts]",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
)
def gateway(log_level: str, policy: Policy, **flags: Any) -> None:
    """Be the one address for clients: HTTP, and gRPC that is passed on."""
    log_to_stderr(log_level)
    listen = Listen(*(flags.pop(name) for name in Listen._fields))
    try:
        _gateway(flags, listen, policy)
    except Exception as error:
        raise said(error) from error


def _gateway(flags: dict[str, Any], listen: Listen, policy: Policy) -> None:
    from runstream_server.cluster.gateway import Gateway, GatewaySettings
    from runstream_server.cluster.role import Entry, Role
    from runstream_server.rpc.client import Access

    ca = flags.pop("upstream_ca")
    access = Access(
        flags.pop("upstream_token"),
        flags.pop("upstream_tls") or ca is not None,
        ca.read_bytes() if ca is not None else b"",
    )
    work = Gateway(GatewaySettings(**flags, access=access))
    Role("gateway", work.begin, Entry(listen, policy), click.echo, work.services()).run()


def _run(name: str, work: Callable[[], Begin], listen: Listen, policy: Policy) -> None:
    """work: imports what the role needs; `--help` need not wait for that."""
    try:
        from runstream_server.cluster.role import Entry, Role

        Role(name, work(), Entry(listen, policy), click.echo).run()
    except Exception as error:
        raise said(error) from error


@click.command(context_settings=_HELP)
@deployment_options
@click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")
def doctor(deployment: Deployment, as_json: bool) -> None:
    """Check a cluster's configuration, and say how to mend what is wrong.

    Reaches Kafka, ClickHouse and the S3 server; verifies topics, tables, clocks
    and the rights in the bucket. Changes nothing. Exit 1 when something is wrong.
    """
    logging.disable()  # what the clients say of each try is in the findings
    from runstream_server.cluster.doctor import examine

    findings = examine(deployment)
    if as_json:
        click.echo(json.dumps([finding._asdict() for finding in findings], indent=2))
    else:
        for finding in findings:
            click.echo(finding.text())
    if not all(finding.ok for finding in findings):
        raise click.exceptions.Exit(1)
