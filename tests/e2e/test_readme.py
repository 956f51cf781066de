"""The README's example does what the README says, in an empty folder."""

from __future__ import annotations

import re
from pathlib import Path

from tests.e2e.harness import new_world

README = Path(__file__).resolve().parents[2] / "README.md"
EXAMPLE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PROMISED = re.compile(r"^print\(.*\)  # (.*)$", re.MULTILINE)


def test_the_example_prints_what_it_promises() -> None:
    (example,) = EXAMPLE.findall(README.read_text())
    assert len(example.splitlines()) <= 12
    with new_world() as world:
        printed = world.run(example)
        assert printed.splitlines()[-1:] == PROMISED.findall(example)
        runs = world.folder / "runstream-data" / "artifacts"
        (artifact,) = runs.glob("*/*/artifacts/formula.txt")
        assert artifact.read_text() == "y = 2x"
