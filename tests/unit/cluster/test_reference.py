from __future__ import annotations

from pathlib import Path

from runstream_server.cluster.reference import settings_table

PAGE = Path(__file__).resolve().parents[3] / "docs" / "cluster.md"


def test_the_page_holds_every_setting() -> None:
    """A change of a flag or its help is seen in review."""
    assert PAGE.read_text().endswith(settings_table()), (
        "put what `python -m runstream_server.cluster.reference` prints at the end of the page"
    )
