"""`make bench`: measure against the budgets, print a table, write build/bench.json.

python -m tests.bench [PART …]      parts: see --help; none means all
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.bench import artifacts, cluster, hot_path, reads, startup, throughput
from tests.bench.figure import Figure, write_json

Measure = Callable[[Callable[[Figure], None]], None]

PARTS: dict[str, Measure] = {
    "hot-path": hot_path.measure,
    "throughput": throughput.measure,
    "reads": reads.measure,
    "startup": startup.measure,
    "artifacts": artifacts.measure,
    "cluster": cluster.measure,
}
OUTPUT = Path("build/bench.json")


def table(figures: list[Figure]) -> Table:
    """The figures as a table, missed budgets marked."""
    result = Table("what", "measured", "budget", "", "beside")
    for figure in figures:
        budget = "" if figure.budget is None else f"{_number(figure.budget)} {figure.unit}"
        verdict = {True: "kept", False: "[bold red]MISSED[/]", None: ""}[figure.holds]
        beside = ""
        if figure.peer_value is not None:
            value = f"{_number(figure.peer_value)} {figure.unit}"
            beside = f"{figure.peer}: {value} ({_number(figure.ratio or 0)} times)"
        measured = f"{_number(figure.value)} {figure.unit}"
        result.add_row(figure.name, measured, budget, verdict, beside)
    return result


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="default: all")
    parts = parser.parse_args().parts or list(PARTS)
    console = Console()
    figures: list[Figure] = []

    def report(figure: Figure) -> None:
        figures.append(figure)
        print(f"{figure.name}: {_number(figure.value)} {figure.unit}", file=sys.stderr, flush=True)

    for part in parts:
        print(f"-- {part}", file=sys.stderr, flush=True)
        PARTS[part](report)
        write_json(figures, OUTPUT)
    console.print(table(figures))
    console.print(f"written: {OUTPUT}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
