from __future__ import annotations

from pathlib import Path

from runstream.cli.reference import reference

PAGE = Path(__file__).resolve().parents[3] / "docs" / "cli.md"


def test_the_page_is_what_the_commands_say() -> None:
    """A change of a command, an option or a help text is seen in review."""
    assert PAGE.read_text() == reference(), (
        "run: .venv/bin/python -m runstream.cli.reference > docs/cli.md"
    )
