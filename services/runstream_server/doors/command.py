"""`runstream tokens`: who may come in."""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import click

from runstream_server.doors import tokens
from runstream_server.doors.options import tokens_file_option
from runstream_server.doors.tokens import Edit, Entry, TokensFileError

_HELP: dict[str, Any] = {"help_option_names": ["-h", "--help"]}
_json_option = click.option("--json", "as_json", is_flag=True, help="Answer in JSON.")


@click.group("tokens", context_settings=_HELP)
def group() -> None:
    """Who may come in: make, list and revoke tokens.

    They are kept in a file as hashes, which servers read again when it changes.
    """


@group.command(context_settings=_HELP)
@click.argument("name")
@tokens_file_option(required=True)
@click.option("--expires-days", type=click.IntRange(min=1), metavar="N", help="Valid so long.")
@click.option(
    "--password",
    "with_password",
    is_flag=True,
    help="A user NAME with a password (asked for, or read from standard input) instead of a token.",
)
@_json_option
def create(
    name: str, tokens_file: Path, expires_days: int | None, with_password: bool, as_json: bool
) -> None:
    """Let NAME (a person, a team, a machine) come in.

    Prints the token, once: it is stored as a hash and can never be shown again.
    """
    today = date.today()
    expires = (today + timedelta(days=expires_days)).isoformat() if expires_days else ""
    token = ""
    if with_password:
        entry = tokens.new_password(name, _password(), today, expires)
    else:
        entry, token = tokens.new_token(name, today, expires)
    _change(tokens_file, lambda entries: _added(entries, entry))
    if as_json:
        said = {"id": entry.id, "name": name, "expires": expires, "token": token}
        click.echo(json.dumps({key: value for key, value in said.items() if value}))
    elif with_password:
        click.echo(f"{name} may come in with that password.")
    else:
        click.echo(token)
        click.echo(
            f"This is the only time the token of {name} is shown. Use it as RUNSTREAM_TOKEN.",
            err=True,
        )


@group.command("list", context_settings=_HELP)
@tokens_file_option(required=True)
@_json_option
def list_(tokens_file: Path, as_json: bool) -> None:
    """Show who may come in; no token can be shown."""
    entries = _read(tokens_file)
    if as_json:
        click.echo(json.dumps([_row(entry) for entry in entries]))
        return
    for entry in entries:
        until = f"until {entry.expires}" if entry.expires else "no end"
        click.echo(f"{entry.id}  {entry.kind:8}  {entry.created}  {until:16}  {entry.name}")


@group.command(context_settings=_HELP)
@click.argument("id_or_name")
@tokens_file_option(required=True)
def revoke(id_or_name: str, tokens_file: Path) -> None:
    """Let a token, or all of a name, no longer in; running servers see it at once."""
    gone = [entry for entry in _read(tokens_file) if id_or_name in (entry.id, entry.name)]
    if not gone:
        raise click.ClickException(f"{tokens_file} has no token {id_or_name!r}.")
    ids = {entry.id for entry in gone}
    _change(tokens_file, lambda entries: tuple(e for e in entries if e.id not in ids))
    click.echo(f"Revoked: {', '.join(f'{entry.id} ({entry.name})' for entry in gone)}.")


def _added(entries: tuple[Entry, ...], entry: Entry) -> tuple[Entry, ...]:
    if entry.scrypt and any(other.scrypt and other.name == entry.name for other in entries):
        raise click.ClickException(
            f"{entry.name} has a password already; revoke it first to set another."
        )
    return (*entries, entry)


def _password() -> str:
    if sys.stdin.isatty():
        password: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if len(password) < 8:
        raise click.ClickException("A password has at least 8 characters.")
    return password


def _row(entry: Entry) -> dict[str, str]:
    return {
        "id": entry.id,
        "name": entry.name,
        "kind": entry.kind,
        "created": entry.created,
        "expires": entry.expires,
    }


def _read(path: Path) -> tuple[Entry, ...]:
    try:
        return tokens.read_entries(path)
    except TokensFileError as error:
        raise click.ClickException(str(error)) from error


def _change(path: Path, edit: Edit) -> None:
    try:
        tokens.change(path, edit)
    except TokensFileError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from error
