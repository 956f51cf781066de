"""The table of a cluster's settings: `python -m runstream_server.cluster.reference`."""

from __future__ import annotations

import click

from runstream_server.cluster.command import doctor, service

_COMMANDS: dict[str, click.Command] = {**service.commands, "doctor": doctor}
_HEAD = "| flag | variable | default | of | meaning |\n|---|---|---|---|---|\n"


def settings_table() -> str:
    """One row per flag that has a variable, in the order of the commands."""
    roles: dict[str, list[str]] = {}
    options: dict[str, click.Option] = {}
    for name, command in _COMMANDS.items():
        for option in command.params:
            if isinstance(option, click.Option) and option.envvar:
                options.setdefault(option.opts[0], option)
                roles.setdefault(option.opts[0], []).append(name)
    return _HEAD + "".join(_row(option, roles[flag]) for flag, option in options.items())


def _row(option: click.Option, roles: list[str]) -> str:
    default = f"`{option.default}`" if option.show_default and option.default else ""
    if option.opts[0] in ("--port", "--grpc-port"):
        default = "by role"
    of = "all" if set(service.commands) <= set(roles) else ", ".join(roles)
    cells = (f"`{option.opts[0]}`", f"`{option.envvar}`", default, of, option.help or "")
    return f"| {' | '.join(cells)} |\n"


if __name__ == "__main__":
    click.echo(settings_table(), nl=False)
