"""The edges of a process: signal handlers, finalizers, threads at exit, pipes.

Two hundred processes each, fewer over a cluster. A driver imports once and forks; every child ends
as an interpreter ends (not by `_exit`), and must do so within a deadline.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.e2e.harness import World, eventually, new_world
from tests.servers.cluster import Engines


def _processes(world: World) -> int:
    """What a process does at its edges is the same at both sizes; reads of a cluster cost more."""
    return 200 if world.engines is None else 25


DRIVER = """
import json, mmap, os, signal, sys, threading, time
import runstream
import runstream.v1.spool_pb2, runstream.v1.events_pb2
body, count, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
with open(body) as file:
    source = compile(file.read(), body, "exec")
# What each child had returned from, by name, in shared memory it alone writes.
def reap(pid):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.002)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    return "hung"
running, results = [], []
for number in range(count):
    shared = mmap.mmap(-1, 64)
    pid = os.fork()
    if pid == 0:
        done = memoryview(shared).cast("Q")
        exec(source, {"number": number, "done": done, "__name__": "__main__"})
        sys.exit(0)
    running.append((pid, number, shared))
    if len(running) == 4 or number == count - 1:
        for pid, n, memory in running:
            code = reap(pid)
            results.append([n, code, int.from_bytes(memory[:8], "little"),
                            int.from_bytes(memory[8:16], "little")])
        running = []
with open(out, "w") as file:
    json.dump(results, file)
"""

# Name of the run -> number of points of each metric.
COUNTS = """
import json
import runstream
client = runstream.MlflowClient()
out = {}
for run in runstream.search_runs(output_format="list", search_all_experiments=True):
    out[run.info.run_name] = {
        key: sorted(p.step for p in client.get_metric_history(run.info.run_id, key))
        for key in run.data.metrics
    }
print(json.dumps(out))
"""

SIGNAL_HANDLER = """
import signal, time
import runstream
with runstream.start_run(run_name=f"run-{number}"):
    def handler(signum, frame):
        # A handler may interrupt a handler: the number is taken first.
        step = done[1]
        done[1] = step + 1
        runstream.log_metric("signal", 1.0, step=step)
        if step % 3 == 0:
            runstream.log_metric(f"new-{step % 9}", 1.0)
    signal.signal(signal.SIGALRM, handler)
    # Slower than the handler on a loaded machine: handlers that pile up without
    # end would be a fault of the test.
    signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
    for i in range(3_000):
        for _ in range(200):
            pass
        runstream.log_metric("main", 0.5, step=i)
        done[0] = i + 1
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    signal.setitimer(signal.ITIMER_REAL, 0)
"""

FINALIZER = """
import runstream
run = runstream.start_run(run_name=f"run-{number}")
run_id = run.info.run_id
class Late:
    def __del__(self, log=runstream.log_metric, done=done, run_id=run_id):
        for i in range(100):
            log("main", 0.5, step=i, run_id=run_id)
            done[0] = i + 1
# In a cycle: only the collector, at teardown, can find it.
late = Late()
late.itself = late
runstream.log_metric("signal", 1.0, step=0)
done[1] = 1
"""

DAEMON_THREAD = """
import threading, time
import runstream
run = runstream.start_run(run_name=f"run-{number}")
started = threading.Event()
def work(run_id=run.info.run_id, log=runstream.log_metric):
    i = 0
    while True:
        log("main", 0.5, step=i, run_id=run_id)
        i += 1
        done[0] = i
        started.set()
threading.Thread(target=work, daemon=True).start()
started.wait()
runstream.log_metric("signal", 1.0, step=0)
done[1] = 1
"""


@pytest.fixture
def world(size: Engines | None) -> Iterator[World]:
    with new_world(engines=size) as new:
        yield new


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(SIGNAL_HANDLER, id="signal handler"),
        pytest.param(FINALIZER, id="finalizer"),
        pytest.param(DAEMON_THREAD, id="daemon thread"),
    ],
)
def test_no_process_hangs_and_no_point_is_lost(world: World, body: str) -> None:
    server = world.server()
    script, out = world.folder / "body.py", world.folder / "results.json"
    script.write_text(body)
    world.run(DRIVER, str(script), str(_processes(world)), str(out), uri=server.uri, timeout=300)
    results = json.loads(out.read_text())
    assert [code for _, code, _, _ in results] == [0] * _processes(world)
    counts = json.loads(world.run(COUNTS, uri=server.uri))
    for number, _, main, signals in results:
        points = counts[f"run-{number}"]
        for key, returned in (("main", main), ("signal", signals)):
            steps = points.get(key, [])
            assert steps[:returned] == list(range(returned)), (number, key, returned, len(steps))
            assert len(steps) <= returned + 1, (number, key, returned, len(steps))


def test_a_captured_trainer_returns_at_once(world: World) -> None:
    # An agent that held the pipes of its trainer would keep this waiting.
    world.env["RUNSTREAM_AGENT_IDLE_SECONDS"] = "60"
    server = world.server()
    code = "import runstream; runstream.start_run(); runstream.log_metric('a', 1.0); print('done')"
    started = time.monotonic()
    assert world.run(code, uri=server.uri, timeout=50).strip() == "done"
    assert time.monotonic() - started < 40
    assert world.agents(), "the agent goes on"


def test_many_writers_starting_together_start_one_agent(world: World) -> None:
    world.env["RUNSTREAM_AGENT_IDLE_SECONDS"] = "60"
    code = """
import os, sys, time
import runstream
import runstream.v1.spool_pb2, runstream.v1.events_pb2
ready, go = os.pipe()
children = []
for k in range(64):
    pid = os.fork()
    if pid == 0:
        os.close(go)
        os.read(ready, 1)
        with runstream.start_run(run_name=f"run-{k}"):
            runstream.log_metric("main", 1.0, step=0)
            time.sleep(2)
        sys.exit(0)
    children.append(pid)
os.close(go)
assert all(os.waitpid(pid, 0)[1] == 0 for pid in children)
"""
    server = world.server()
    process = subprocess.Popen([sys.executable, "-c", code], env=world.environment(server.uri))
    most = 0
    while process.poll() is None:
        most = max(most, len(world.agents()))
        time.sleep(0.02)
    assert process.returncode == 0
    # A guard and its worker; for an instant the process that becomes the guard.
    assert 2 <= most <= 3, most
    counts = json.loads(world.run(COUNTS, uri=server.uri))
    assert {f"run-{k}" for k in range(64)} <= set(counts)
    assert len(eventually(world.agents)) == 2
