"""Points per second from the call to the log, and from the log to the tables."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from tests.bench import peer
from tests.bench.append import append, wait_materialized
from tests.bench.figure import Figure
from tests.e2e.harness import new_world

# Arguments are the number of points and the server's process id. The processor
# time tells slow code from a busy machine.
ONE_PROCESS = """
import json, sys, time
import psutil, runstream
from runstream.spool.folders import scope_folders
points = int(sys.argv[1])
def cpu(process):
    used = process.cpu_times()
    return used.user + used.system
with runstream.start_run():
    runstream.log_metric("warm", 0.5)
    runstream.flush(level="accepted", timeout=60)
    agent = json.loads((scope_folders().disk / "agent.json").read_text())["pid"]
    processes = {"trainer": psutil.Process(), "agent": psutil.Process(agent),
                 "server": psutil.Process(int(sys.argv[2]))}
    before = {name: cpu(process) for name, process in processes.items()}
    log_metric = runstream.log_metric
    start = time.perf_counter()
    for i in range(points):
        log_metric("loss", 0.5, step=i)
    spooled = time.perf_counter() - start
    runstream.flush(level="accepted", timeout=300)
    accepted = time.perf_counter() - start
    runstream.flush(level="materialized", timeout=300)
    materialized = time.perf_counter() - start
    used = {name: cpu(process) - before[name] for name, process in processes.items()}
print(json.dumps({"spooled": spooled, "accepted": accepted, "materialized": materialized, **used}))
"""

# A history that is given whole; arguments as above, numpy columns.
HISTORY = """
import json, sys, time
import numpy, runstream
points = int(sys.argv[1])
steps = numpy.arange(points)
values, times = numpy.random.rand(points), 1_700_000_000_000 + steps
with runstream.start_run():
    runstream.log_metric("warm", 0.5)
    runstream.flush(level="accepted", timeout=60)
    start = time.perf_counter()
    runstream.log_metrics({"loss": values}, step=steps, timestamp=times)
    spooled = time.perf_counter() - start
    runstream.flush(level="materialized", timeout=300)
    materialized = time.perf_counter() - start
print(json.dumps({"spooled": spooled, "materialized": materialized}))
"""

VISIBLE = """
import json, sys, threading, time
import runstream
from runstream.tracking import MlflowClient
seconds = float(sys.argv[1])
marks, lags, stop = {}, [], threading.Event()
def reader(run_id):
    import grpc
    from runstream.v1 import tracking_pb2 as pb, tracking_pb2_grpc
    query = tracking_pb2_grpc.QueryStub(grpc.insecure_channel(sys.argv[2]))
    seen = -1
    while not stop.is_set():
        try:
            run = query.GetRun(pb.GetRunRequest(run_id=run_id), timeout=5)
        except grpc.RpcError:
            time.sleep(0.02)
            continue
        now = time.perf_counter()
        for metric in run.data.metrics:
            if metric.key == "mark":
                for step in range(seen + 1, metric.step + 1):
                    lags.append(now - marks[step])
                seen = metric.step
        time.sleep(0.01)
with runstream.start_run() as run:
    thread = threading.Thread(target=reader, args=(run.info.run_id,), daemon=True)
    thread.start()
    start, step, mark = time.perf_counter(), 0, 0
    while (now := time.perf_counter()) - start < seconds:
        while step < (now - start) * 10_000:
            runstream.log_metric("loss", 0.5, step=step)
            step += 1
        marks[mark] = time.perf_counter()
        runstream.log_metric("mark", 1.0, step=mark)
        mark += 1
        time.sleep(0.005)
    runstream.flush(level="materialized", timeout=60)
    time.sleep(0.3)
    stop.set()
    thread.join()
lags.sort()
p50, p99 = lags[len(lags) // 2], lags[int(len(lags) * 0.99)]
print(json.dumps({"p50": p50, "p99": p99, "marks": len(lags)}))
"""


Report = Callable[[Figure], None]
Numbers = dict[str, float]


def measure(report: Report) -> None:
    """Throughput through the whole SDK, through the server alone, and the lag."""
    with peer.server() as (_, env):
        theirs = peer.run(peer.CLIENT, env)
    _one_process(report, theirs)
    _history(report, theirs)
    _append(report, theirs)
    _visible(report)


def _one_process(report: Report, theirs: Numbers) -> None:
    points = 10_000_000
    with new_world() as world:
        server = world.server()
        assert server.process is not None
        arguments = (str(points), str(server.process.pid))
        out = _last(world.run(ONE_PROCESS, *arguments, uri=server.uri, timeout=600))
    report(
        Figure(
            "logged to accepted, one process",
            points / out["accepted"],
            "points/s",
            700_000,
            "higher",
            f"{peer.NAME}, synchronous",
            theirs["log_metric_points_per_second"],
        )
    )
    report(
        Figure(
            "logged to materialized, one process",
            points / out["materialized"],
            "points/s",
            better="higher",
            peer=f"{peer.NAME}, batches of 1000",
            peer_value=theirs["batch_points_per_second"],
        )
    )
    for name in ("trainer", "agent", "server"):
        report(Figure(f"processor time per point, {name}", out[name] / points * 1e9, "ns"))


def _history(report: Report, theirs: Numbers) -> None:
    points = 1_000_000
    with new_world() as world:
        out = _last(world.run(HISTORY, str(points), uri=world.server().uri, timeout=600))
    report(Figure("a million points as columns, to spooled", out["spooled"], "s", 2))
    report(
        Figure(
            "a million points as columns, to materialized",
            out["materialized"],
            "s",
            5,
            peer=f"{peer.NAME}, batches of 1000",
            peer_value=points / theirs["batch_points_per_second"],
        )
    )


def _append(report: Report, theirs: Numbers) -> None:
    points = 50_000_000
    with new_world() as world:
        address = f"127.0.0.1:{world.server().grpc_port}"
        sent = append(world, address, points)
        wait_materialized(address, sent.positions)
        seconds = time.perf_counter() - sent.began
    report(
        Figure(
            "append to materialized, batches of 10 k",
            sent.points / seconds,
            "points/s",
            2_000_000,
            "higher",
            f"{peer.NAME}, batches of 1000",
            theirs["batch_points_per_second"],
        )
    )


def _visible(report: Report) -> None:
    with new_world() as world:
        server = world.server()
        address = f"127.0.0.1:{server.grpc_port}"
        out = _last(world.run(VISIBLE, "15", address, uri=server.uri, timeout=120))
    report(Figure("logged to visible at 10 k points/s, p99", out["p99"] * 1e3, "ms", 300))


def _last(output: str) -> Numbers:
    """What a program printed last: one JSON object."""
    answer: Numbers = json.loads(output.splitlines()[-1])
    return answer
