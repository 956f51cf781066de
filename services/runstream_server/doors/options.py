"""Flags of every process that opens a door; each is also RUNSTREAM_<FLAG>."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import click

from runstream_server.doors.settings import DoorSettings
from runstream_server.quota import Limits

_LIMITS = {
    "run_points_per_second": "Points per second that one run may send.",
    "token_points_per_second": "Points per second that one token may send.",
    "run_keys": "Distinct metric keys of one run.",
    "run_sources": "Distinct sources (ranks) of one run.",
    "run_artifact_bytes": "Bytes of artifacts of one run.",
    "token_artifact_bytes_per_day": "Bytes of artifacts that one token may store per day.",
}


class Policy(NamedTuple):
    """Who may come in, and how much each may send."""

    doors: DoorSettings = DoorSettings()
    limits: Limits = Limits()


def policy_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the flags of doors and limits; the command gets them as `policy`."""

    @functools.wraps(command)
    def with_policy(*args: Any, **kwargs: Any) -> Any:
        doors = {name.name: kwargs.pop(name.name) for name in fields(DoorSettings)}
        limits = {name: kwargs.pop(f"limit_{name}") for name in _LIMITS}
        policy = Policy(DoorSettings(**doors), Limits(**limits))
        return command(*args, policy=policy, **kwargs)

    made: Callable[..., Any] = with_policy
    for option in reversed([*_doors(), *_limits()]):
        made = option(made)
    return made


def tokens_file_option(**more: Any) -> Callable[..., Any]:
    """--tokens-file."""
    return _file("--tokens-file", "Hashed tokens of those who may come in.", **more)


def _doors() -> list[Callable[..., Any]]:
    return [
        tokens_file_option(),
        _file("--tls-cert", "Certificate chain of this server (PEM)."),
        _file("--tls-key", "Its private key (PEM)."),
        _file("--tls-client-ca", "Let in only clients with a certificate that this CA signed."),
        click.option(
            "--insecure",
            is_flag=True,
            envvar="RUNSTREAM_INSECURE",
            show_envvar=True,
            help="Listen beyond this machine although nobody is asked for a token.",
        ),
    ]


def _file(flag: str, text: str, **more: Any) -> Callable[..., Any]:
    return click.option(
        flag,
        type=click.Path(dir_okay=False, path_type=Path),
        metavar="FILE",
        envvar=_variable(flag),
        show_envvar=True,
        help=text,
        **more,
    )


def _limits() -> list[Callable[..., Any]]:
    default = Limits()
    return [
        click.option(
            flag,
            type=click.IntRange(min=0),
            metavar="N",
            default=getattr(default, name),
            envvar=_variable(flag),
            show_envvar=True,
            show_default=True,
            help=f"{text} 0: no limit.",
        )
        for name, text in _LIMITS.items()
        for flag in [f"--limit-{name.replace('_', '-')}"]
    ]


def _variable(flag: str) -> str:
    return f"RUNSTREAM_{flag.removeprefix('--').replace('-', '_').upper()}"
