"""`runstream completion SHELL`: the script that makes the tab key work."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

HOW = {
    "bash": 'eval "$(runstream completion bash)"      in ~/.bashrc',
    "zsh": 'eval "$(runstream completion zsh)"       in ~/.zshrc',
    "fish": "runstream completion fish | source       in ~/.config/fish/config.fish",
}


@click.command(epilog="\b\n" + "\n".join(HOW.values()))
@click.argument("shell", type=click.Choice(list(HOW)))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell.

    It completes commands, options, names of experiments, ids of runs and keys
    of metrics.
    """
    root = ctx.find_root()
    kind = get_completion_class(shell)
    assert kind is not None, f"click completes {shell}"
    click.echo(kind(root.command, {}, "runstream", "_RUNSTREAM_COMPLETE").source())
