"""Printing: tables and pairs on a terminal, tab-separated lines in a pipe, or JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import NamedTuple

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from runstream._progress import listening
from runstream.cli.bars import Bars


class Column(NamedTuple):
    """A column of a table. Numbers are set to the right; `whole` is never cut."""

    name: str
    number: bool = False
    whole: bool = False


def plain(cell: str) -> str:
    """A cell on one line, fit for a tab-separated line."""
    return " ".join(cell.split())


class Output:
    """Where a command prints. Reads `sys.stdout` when it first prints."""

    def __init__(self) -> None:
        self.as_json = False

    @cached_property
    def console(self) -> Console:
        return Console(file=sys.stdout, highlight=False, soft_wrap=True)

    @property
    def on_terminal(self) -> bool:
        return self.console.is_terminal

    def json(self, value: object) -> None:
        """Print a value as JSON."""
        text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
        self._raw(text)

    def line(self, text: str, style: str = "") -> None:
        """Print a line of text as it is."""
        self.console.print(Text(text, style=style))

    def _raw(self, text: str) -> None:
        """Print text as it is, tabs too."""
        print(text, file=self.console.file)

    def done(self, sentence: str) -> None:
        """Say that something was done; an empty object as JSON, as REST answers."""
        if self.as_json:
            self.json({})
        else:
            self.line(sentence)

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
        """Print a table; in a pipe one line per row, the names of the columns first."""
        cells = [[plain(cell) for cell in row] for row in rows]
        if not self.on_terminal:
            for line in ([column.name for column in columns], *cells):
                self._raw("\t".join(line))
            return
        table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0), header_style="bold")
        for position, column in enumerate(columns):
            width = max((len(row[position]) for row in cells), default=0)
            table.add_column(
                Text(column.name),
                justify="right" if column.number else "left",
                min_width=width if column.whole else None,
                # Where the terminal is too narrow, these columns are not the ones to give way.
                no_wrap=column.number or column.whole,
            )
        for row in cells:
            table.add_row(*(Text(cell, no_wrap=True, overflow="ellipsis") for cell in row))
        self.console.print(table, soft_wrap=False)

    def pairs(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Print names and values."""
        if not self.on_terminal:
            for name, value in pairs:
                self._raw(f"{name}\t{plain(value)}")
            return
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="dim", no_wrap=True)
        grid.add_column(overflow="fold")
        for name, value in pairs:
            grid.add_row(Text(name), Text(value))
        self.console.print(grid, soft_wrap=False)

    @contextmanager
    def transfers(self) -> Iterator[None]:
        """Bars on stderr for the large files that are sent or fetched inside the block.

        Where stderr is no terminal, the SDK writes its lines.
        """
        console = Console(file=sys.stderr, highlight=False)
        if not console.is_terminal:
            yield
            return
        with Bars(console) as bars, listening(bars.show):
            yield

    def heading(self, text: str) -> None:
        """Print what comes next."""
        if self.on_terminal:
            self.console.print()
        self.line(text, style="bold")
