"""Flags that several of the server's commands have."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import click


class _Port(click.IntRange):
    """A port. Kubernetes sets RUNSTREAM_PORT=tcp://… for a service of our name."""

    name = "port"

    def __init__(self) -> None:
        super().__init__(0, 65535)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and value.startswith("tcp://"):
            return None if param is None else param.default
        return super().convert(value, param, ctx)


PORT = _Port()


def log_level_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """--log-level; the command gets it as `log_level`."""
    return click.option(
        "--log-level",
        type=click.Choice(["debug", "info", "warning", "error"]),
        default="warning",
        envvar="RUNSTREAM_LOG_LEVEL",
        show_envvar=True,
        show_default=True,
        help="How much goes to standard error.",
    )(command)


def log_to_stderr(level: str) -> None:
    """From now on, for the whole process."""
    logging.basicConfig(
        level=level.upper(), format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
