"""Points per second from the call to the log, and from the log to the tables."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.bench import peer
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

# Raw appends by gRPC, several streams side by side, as many agents would do:
# arguments are the gRPC address, the number of points, points per batch.
APPEND = """
import json, sys, threading, time, uuid
import grpc, numpy as np
from runstream.v1 import events_pb2 as pb, ingest_pb2, tracking_pb2, tracking_pb2_grpc
address, points, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
streams, keys = 4, 10
channel = grpc.insecure_channel(address)
decode = ingest_pb2.AppendResponse.FromString
append = channel.unary_unary("/runstream.v1.Ingest/Append", None, decode)
query = tracking_pb2_grpc.QueryStub(channel)
index = np.tile(np.arange(keys, dtype="<u4"), size // keys).tobytes()
value = np.random.default_rng(1).normal(size=size).tobytes()
series = [pb.Series(key=f"metric_{k}") for k in range(keys)]
now = int(time.time() * 1000)
last, lock = {}, threading.Lock()
def request(run, producer, seq, first):
    step = np.repeat(np.arange(first, first + size // keys, dtype="<i8"), keys)
    metrics = pb.Metrics(series=series, key_index=index, step=step.tobytes(),
                         timestamp=(now + step).astype("<i8").tobytes(), value=value)
    events = [pb.Event(time_ms=now, metrics=metrics)]
    if seq == 1:
        created = pb.RunCreated(experiment_id="0", start_time_ms=now, user_id="bench", run_name="b")
        events.insert(0, pb.Event(time_ms=now, run_created=created))
    return pb.AppendRequest(stream_id=run, producer_id=producer, seq=seq, attempt_start_ms=now,
                            events=events).SerializeToString()
def stream():
    run, producer = uuid.uuid4().hex, uuid.uuid4().bytes
    for seq in range(1, points // streams // size + 1):
        answer = append(request(run, producer, seq, (seq - 1) * (size // keys)), timeout=120)
    with lock:
        last[run] = answer.position
start = time.perf_counter()
threads = [threading.Thread(target=stream) for _ in range(streams)]
for t in threads: t.start()
for t in threads: t.join()
accepted = time.perf_counter() - start
for position in last.values():
    query.WaitForPosition(tracking_pb2.WaitForPositionRequest(), timeout=600,
                          metadata=[("runstream-position-bin", position.SerializeToString())])
print(json.dumps({"accepted": accepted, "materialized": time.perf_counter() - start}))
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


def _append(report: Report, theirs: Numbers) -> None:
    points = 50_000_000
    with new_world() as world:
        address = f"127.0.0.1:{world.server().grpc_port}"
        out = _last(world.run(APPEND, address, str(points), "10000", timeout=900))
    report(
        Figure(
            "append to materialized, batches of 10 k",
            points / out["materialized"],
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
