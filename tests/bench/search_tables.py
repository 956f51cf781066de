"""Search and charts over large tables, filled by the engine itself.

    python -m tests.bench.search_tables [--runs 300000] [--points 10000000] [--json] [FOLDER]

Prints one line per measurement: the fastest and the median of several calls,
in milliseconds, of the whole call of the service (the page's data included).
What it is doing stands on standard error.
A folder that is given is kept and, when it holds the tables already, used.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from runstream.v1 import tracking_pb2 as tracking
from runstream_server.query.service import QueryOptions, QueryService
from runstream_server.service import CallContext
from runstream_server.store.engine import Store
from runstream_server.store.generations import live_generation
from runstream_server.store.open import open_store

_RUNS_PER_INSERT = 100_000
_REPEATS = 9

# A UUIDv7: time in front, then bits that look random.
_RUN_ID = (
    "toUUID(lower(concat("
    "leftPad(hex(toUInt64((1780000000000 + {r} * 50) * 65536 + 28672 + sipHash64({r}) % 4096)),"
    " 16, '0'), leftPad(hex(bitOr(bitShiftRight(sipHash64({r}, 7), 2),"
    " 9223372036854775808)), 16, '0'))))"
)
_CHART_RUN = "00000000000070008000000000000001"

_FILL = {
    "latest": (
        10,
        "{id}, concat('m', toString(k)), '', "
        "(99, 1780000000000 + r, (sipHash64(r, k) % 1000000) / 1000000, 0), "
        "(0, 0, 1), (1, 1, 1), 0, 0, 0, 1",
    ),
    "params": (
        10,
        "{id}, concat('p', toString(k)), "
        "(r * 1048576 + k, concat('v', toString(sipHash64(r, k, 1) % 10)) AS v), v, v",
    ),
    "tags": (
        3,
        "{id}, concat('t', toString(k)), concat('v', toString(sipHash64(r, k, 2) % 10)), "
        "r * 1048576 + k, 0",
    ),
    "runs": (
        1,
        "{id}, (r * 1048576, r % 20, 1780000000000 + r, 'someone'), (1, r * 1048576 + 5, 3), "
        "(1, r * 1048576 + 5, 1780000001000 + r), (r * 1048576, concat('run-', toString(r))), "
        "(0, 0, 0), 1780000001000 + r, 0",
    ),
}

_BY_METRIC = ["metrics.m5 DESC"]
_BUDGETED = tracking.SearchRunsRequest(
    all_experiments=True,
    filter="metrics.m3 > 0.9 AND params.p3 = 'v7'",
    order_by=_BY_METRIC,
    max_results=100,
)


def _search(**fields: Any) -> tracking.SearchRunsRequest:
    return tracking.SearchRunsRequest(all_experiments=True, **{"max_results": 100, **fields})


SEARCHES = {
    "metric and param filter, by a metric": _BUDGETED,
    "the same, 1000 runs": _search(filter=_BUDGETED.filter, order_by=_BY_METRIC, max_results=1000),
    "the same, half pass the metric filter": _search(
        filter="metrics.m3 > 0.5 AND params.p3 = 'v7'", order_by=_BY_METRIC
    ),
    "nearly all pass the metric filter, by a metric": _search(
        filter="metrics.m3 > 0.01", order_by=_BY_METRIC
    ),
    "no filter, newest first": _search(),
    "tag and param filter, newest first": _search(filter="tags.t1 = 'v3' AND params.p1 LIKE 'v%'"),
}
CHARTS = {
    "step axis": tracking.GetChartRequest(run_id=_CHART_RUN, key="loss"),
    "time axis": tracking.GetChartRequest(
        run_id=_CHART_RUN, key="loss", axis=tracking.CHART_AXIS_TIME
    ),
}


def fill_search_tables(store: Store, runs: int) -> None:
    generation = live_generation(store)
    for table, (rows_per_run, columns) in _FILL.items():
        select = columns.format(id=_RUN_ID.format(r="r"))
        for first in range(0, runs, _RUNS_PER_INSERT):
            count = min(_RUNS_PER_INSERT, runs - first)
            store.command(
                f"INSERT INTO runstream.{table}_{generation} SELECT {select} FROM ("
                f"SELECT intDiv(number, {rows_per_run}) + {first} AS r, "
                f"number % {rows_per_run} AS k FROM numbers({count * rows_per_run}))"
            )
    store.command(
        f"INSERT INTO runstream.experiments_{generation} SELECT number, "
        "concat('experiment ', toString(number)), '', 0, 0, 0, 0, [], [], 1 FROM numbers(20)"
    )


def fill_chart_tables(store: Store, points: int) -> None:
    """One series of consecutive steps, a point a second."""
    generation = live_generation(store)
    run = f"toUUID('{_CHART_RUN}')"
    series = f"{run} AS run_id, 'loss' AS key, '' AS source"
    value = "sin(number / 1000) + (sipHash64(number) % 1000) / 1000"
    for first in range(0, points, 1_000_000):
        count = min(1_000_000, points - first)
        store.command(
            f"INSERT INTO runstream.points_{generation} (run_id, key, source, step, timestamp, "
            f"value) SELECT {series}, number AS step, "
            f"1780000000000 + number * 1000, {value} FROM numbers({first}, {count})"
        )
    store.command(
        f"INSERT INTO runstream.rollup_{generation} SELECT run_id, key, source, "
        "intDiv(step, 1024) AS bucket, min((step, timestamp, value)), "
        "max((step, timestamp, value)), min((value, step, timestamp)), "
        "max((value, step, timestamp)), 0, 0, 0, 1 "
        f"FROM runstream.points_{generation} WHERE run_id = {run} "
        "GROUP BY run_id, key, source, bucket"
    )
    store.command(
        f"INSERT INTO runstream.runs_{generation} SELECT {run}, (1, 0, 1780000000000, ''), "
        "(1, 1, 1), (-9223372036854775808, 0, 0), (1, 'chart'), (0, 0, 0), 1780000000000, 0"
    )


def _wait_for_merges(store: Store) -> None:
    """Until the engine has nothing to merge: it would take a core from what is measured."""
    while store.scalar("SELECT count() FROM system.merges"):
        time.sleep(0.2)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def measure(call: Callable[[], object]) -> tuple[float, float]:
    """The fastest and the median of several calls, in milliseconds."""
    seconds = []
    call()
    for _ in range(_REPEATS):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    return min(seconds) * 1e3, statistics.median(seconds) * 1e3


def bench(folder: Path, runs: int, points: int) -> dict[str, tuple[float, float]]:
    """Every search and chart over the tables of a folder, filled when it is empty."""
    filled = (folder / "engine").exists()
    store = open_store(folder)
    if not filled:
        _say(f"filling tables: {runs:,} runs, {points:,} points")
        fill_search_tables(store, runs)
        fill_chart_tables(store, points)
    _wait_for_merges(store)
    options = QueryOptions(
        log_id="", partitions=1, http_address=str, end_offsets=dict, version="bench"
    )
    service = QueryService(store, options)
    context = CallContext(position=None, deadline=time.monotonic() + 3600)
    calls: dict[str, Callable[[], object]] = {
        f"search: {name}": partial(service.search_runs, search, context)
        for name, search in SEARCHES.items()
    }
    for name, chart in CHARTS.items():
        calls[f"chart: {name}"] = partial(service.get_chart, chart, context)
    found = {}
    for name, call in calls.items():
        found[name] = fastest, median = measure(call)
        _say(f"{fastest:8.1f} {median:8.1f} ms  {name}")
    store.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=300_000)
    parser.add_argument("--points", type=int, default=10_000_000)
    parser.add_argument("--json", action="store_true", help="print the medians with a budget")
    parser.add_argument("folder", type=Path, nargs="?", help="kept, and used again when filled")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        found = bench(folder, options.runs, options.points)
    if options.json:
        first = next(iter(SEARCHES))
        budgeted = {
            "search_ms": found[f"search: {first}"][1],
            "chart_step_ms": found["chart: step axis"][1],
            "chart_time_ms": found["chart: time axis"][1],
        }
        print(json.dumps(budgeted))
        return
    for name, (fastest, median) in found.items():
        print(f"{fastest:8.1f} {median:8.1f} ms  {name}")


if __name__ == "__main__":
    main()
