"""What a logging call costs the training process, agent and server draining."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.bench import peer
from tests.bench.figure import Figure
from tests.e2e.harness import World, new_world

_HEAD = """
import json, sys, time
import runstream
clock = time.perf_counter
def quantile(values, q):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]
"""

FLAT_OUT = (
    _HEAD
    + """
log_metric = runstream.log_metric
with runstream.start_run():
    for i in range(20_000):
        log_metric("warm", 0.5, step=i)
    blocks, calls = [], []
    for block in range(600):
        t = clock()
        for i in range(1000):
            log_metric("loss", 0.5, step=i)
        blocks.append((clock() - t) / 1000)
    for i in range(300_000):
        t = clock(); log_metric("one", 0.5, step=i); calls.append(clock() - t)
    many = []
    values = {f"metric_{k}": k * 0.5 for k in range(50)}
    log_metrics = runstream.log_metrics
    for i in range(5_000):
        t = clock(); log_metrics(values, step=i); many.append(clock() - t)
print(json.dumps({
    "median_us": quantile(blocks, 0.5) * 1e6, "p999_us": quantile(calls, 0.999) * 1e6,
    "log_metrics_us": quantile(many, 0.5) * 1e6,
}))
"""
)

THREADS = (
    _HEAD
    + """
import threading
took = []
def work(run_id, k):
    mine = []
    for i in range(2_000):
        t = clock()
        runstream.log_metric(f"m{k}", 0.5, step=i, run_id=run_id)
        mine.append(clock() - t)
        if i % 20 == 0:
            time.sleep(0.005)
    took.extend(mine)
with runstream.start_run() as run:
    threads = [threading.Thread(target=work, args=(run.info.run_id, k)) for k in range(64)]
    for t in threads: t.start()
    for t in threads: t.join()
print(json.dumps({"p999_us": quantile(took, 0.999) * 1e6}))
"""
)

COLD = (
    _HEAD
    + """
work = bytearray(32 << 20)
took = []
with runstream.start_run():
    for i in range(1_000):
        for k in range(0, len(work), 1 << 20):
            work[k:k + (1 << 20)] = bytes(1 << 20)
        t = clock(); runstream.log_metric("loss", 0.5, step=i); took.append(clock() - t)
print(json.dumps({"median_us": quantile(took, 0.5) * 1e6, "p999_us": quantile(took, 0.999) * 1e6}))
"""
)

CHECKPOINT = (
    _HEAD
    + """
import os, threading
path, done = sys.argv[1], threading.Event()
def checkpoint():
    block = os.urandom(1 << 20) * 8
    with open(path, "wb", buffering=0) as file:
        for _ in range(256):
            file.write(block)
    done.set()
worst = 0.0
with runstream.start_run():
    for i in range(2_000):
        runstream.log_metric("warm", 0.5, step=i)
    writer = threading.Thread(target=checkpoint)
    writer.start()
    i = 0
    while not done.is_set():
        t = clock(); runstream.log_metric("loss", 0.5, step=i); worst = max(worst, clock() - t)
        i += 1
        if i % 100 == 0:
            time.sleep(0.001)
    writer.join()
os.unlink(path)
print(json.dumps({"worst_ms": worst * 1e3, "calls": i}))
"""
)

SHORT_RUN = (
    _HEAD
    + """
def short():
    with runstream.start_run():
        runstream.log_param("a", 1)
        runstream.log_metric("m", 1.0)
t = clock(); short(); first = clock() - t
took = []
for _ in range(200):
    t = clock(); short(); took.append(clock() - t)
print(json.dumps({"first_ms": first * 1e3, "median_ms": quantile(took, 0.5) * 1e3}))
"""
)


def _measure(world: World, uri: str, code: str, *args: str) -> dict[str, float]:
    answer: dict[str, float] = json.loads(
        world.run(code, *args, uri=uri, timeout=300).splitlines()[-1]
    )
    return answer


def measure(report: Callable[[Figure], None]) -> None:
    """The lines about the training process, with MLflow's client beside them."""
    with peer.server() as (_, env):
        theirs = peer.run(peer.CLIENT, env)
    with new_world() as world:
        uri = world.server().uri
        flat = _measure(world, uri, FLAT_OUT)
        threads = _measure(world, uri, THREADS)
        cold = _measure(world, uri, COLD)
        checkpoint = _measure(world, uri, CHECKPOINT, str(world.folder / "checkpoint"))
        short = _measure(world, uri, SHORT_RUN)
    report(
        Figure(
            "log_metric, flat out, median",
            flat["median_us"],
            "µs",
            0.6,
            peer=f"{peer.NAME}, synchronous",
            peer_value=theirs["log_metric_sync_us"],
        )
    )
    report(
        Figure(
            "log_metric, flat out, p99.9",
            flat["p999_us"],
            "µs",
            20,
            peer=f"{peer.NAME}, asynchronous, median",
            peer_value=theirs["log_metric_async_us"],
        )
    )
    report(Figure("log_metric, 64 threads, p99.9", threads["p999_us"], "µs", 20))
    report(Figure("log_metric, cold caches, median", cold["median_us"], "µs", 10))
    report(Figure("log_metric, cold caches, p99.9", cold["p999_us"], "µs", 100))
    report(Figure("log_metric, 2 GB checkpoint, worst call", checkpoint["worst_ms"], "ms", 50))
    report(
        Figure(
            "log_metrics, 50 values, median",
            flat["log_metrics_us"],
            "µs",
            10,
            peer=peer.NAME,
            peer_value=theirs["log_metrics_50_us"],
        )
    )
    report(
        Figure(
            "short run, median",
            short["median_ms"],
            "ms",
            1,
            peer=peer.NAME,
            peer_value=theirs["short_run_ms"],
        )
    )
    report(Figure("short run, first in the process", short["first_ms"], "ms", 50))
