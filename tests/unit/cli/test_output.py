from __future__ import annotations

import io

from rich.console import Console

from runstream.cli.output import Column, Output

ROWS = [
    ("a" * 32, "some text that is long enough to need an end", "1"),
    ("b", "x\ty\n[bold]z", "22"),
]
COLUMNS = (Column("id", whole=True), Column("text"), Column("count", number=True))


def on_terminal(width: int = 60) -> tuple[Output, io.StringIO]:
    stream = io.StringIO()
    output = Output()
    output.console = Console(
        file=stream, force_terminal=True, width=width, highlight=False, soft_wrap=True,
        color_system=None,
    )  # fmt: skip
    return output, stream


def test_a_terminal_gets_a_table_as_wide_as_it_is() -> None:
    output, stream = on_terminal()
    output.table(COLUMNS, ROWS)
    printed = stream.getvalue()
    assert max(map(len, printed.splitlines())) <= 60
    assert "a" * 32 in printed, "an id is never cut"
    assert "…" in printed
    assert "[bold]z" in printed, "values are no markup"


def test_pairs_on_a_terminal() -> None:
    output, stream = on_terminal()
    output.pairs([("name", "digits"), ("[id]", "7")])
    assert [line.rstrip() for line in stream.getvalue().splitlines()] == [
        "name  digits", "[id]  7"
    ]  # fmt: skip


def test_a_pipe_gets_one_line_per_row() -> None:
    output = Output()
    stream = io.StringIO()
    output.console = Console(file=stream)
    output.table(COLUMNS, ROWS)
    assert stream.getvalue().splitlines()[2] == "b\tx y [bold]z\t22"


def test_done_is_an_empty_object_in_json() -> None:
    output = Output()
    output.as_json = True
    stream = io.StringIO()
    output.console = Console(file=stream)
    output.done("Deleted it")
    assert stream.getvalue() == "{}\n"
