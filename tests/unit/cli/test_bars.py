from __future__ import annotations

import io

from rich.console import Console

from runstream._progress import Transfer
from runstream.cli.bars import Bars


def test_a_bar_per_file() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=100)
    with Bars(console) as bars:
        bars.show(Transfer("uploading", "model[1].bin", 5_000_000, 20_000_000))
        bars.show(Transfer("uploading", "model[1].bin", 20_000_000, 20_000_000))
        bars.show(Transfer("uploading", "other.bin", 0, 9_000_000))
    text = screen.getvalue()
    assert "uploading model[1].bin" in text
    assert "20.0/20.0 MB" in text
    assert "uploading other.bin" in text
