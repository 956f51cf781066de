"""Charts and searches at size, by the query service over the real engine."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable

from tests.bench.figure import Figure


def measure(report: Callable[[Figure], None]) -> None:
    """Search over 300 k runs; charts over 10 M points; in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="runstream-bench-") as folder:
        command = [sys.executable, "-m", "tests.bench.search_tables", "--json", folder]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=1800)
    out = json.loads(done.stdout.splitlines()[-1])
    report(Figure("search, 300 k runs", out["search_ms"], "ms", 250))
    report(Figure("chart, 10 M steps, step axis", out["chart_step_ms"], "ms", 50))
    report(Figure("chart, 10 M steps, time axis", out["chart_time_ms"], "ms", 400))
