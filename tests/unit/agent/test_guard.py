from __future__ import annotations

from pathlib import Path

import runstream.agent.guard
from runstream.agent import guard, limits

GUARD = Path(runstream.agent.guard.__file__)


def test_its_numbers_are_those_of_the_limits() -> None:
    assert guard.RESTART_FIRST_SECONDS == limits.RESTART_FIRST_SECONDS
    assert guard.RESTART_MAX_SECONDS == limits.RESTART_MAX_SECONDS


def test_it_imports_next_to_nothing() -> None:
    imported = [
        line.split()[1]
        for line in GUARD.read_text().splitlines()
        if line.startswith(("import ", "from "))
    ]
    assert imported == ["os", "signal", "sys", "time"]
