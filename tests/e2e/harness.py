"""Real processes for the end-to-end tests: servers, trainers, agents.

Everything runs in folders of its own under a fresh name, talks to loopback
only and is ended by process id. Waiting is by a deadline, never by a sleep
that hopes.
"""

from __future__ import annotations

import contextlib
import json
import mmap
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.server import ClusterServer, Server
from tests.e2e.waiting import PATIENCE_SECONDS, eventually
from tests.servers.cluster import Engines
from tests.servers.ports import free_port

__all__ = [
    "FLAT_OUT",
    "HISTORY",
    "PATIENCE_SECONDS",
    "ClusterServer",
    "Counter",
    "Server",
    "World",
    "assert_flat_out_points",
    "eventually",
    "free_port",
    "history",
    "is_alive",
    "new_world",
]


def is_alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


@dataclass
class World:
    """One isolated installation: folders, environment, processes to end."""

    folder: Path
    spool: Path
    env: dict[str, str]
    servers: list[Server] = field(default_factory=list)
    trainers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    # None: servers are embedded ones.
    engines: Engines | None = None

    def server(self, name: str = "data", *flags: str, start: bool = True, host: str = "") -> Server:
        if self.engines is not None:
            server: Server = ClusterServer(self.folder / name, self.env, self.engines)
        else:
            server = Server(self.folder / name, self.env, flags=flags, host=host or "127.0.0.1")
        self.servers.append(server)
        return server.start() if start else server

    def environment(self, uri: str = "", **extra: str) -> dict[str, str]:
        env = dict(self.env, **extra)
        if uri:
            env["RUNSTREAM_TRACKING_URI"] = uri
        return env

    def popen(self, code: str, *args: str, uri: str = "", **extra: str) -> subprocess.Popen[bytes]:
        """A trainer: Python code in a process of its own. It ends with the world at the latest."""
        with open(self.folder / "trainers.log", "ab") as log:
            trainer = subprocess.Popen(
                [sys.executable, "-c", code, *args],
                env=self.environment(uri, **extra),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )
        self.trainers.append(trainer)
        return trainer

    def run(
        self,
        code: str,
        *args: str,
        uri: str = "",
        timeout: float = PATIENCE_SECONDS,
        env: Mapping[str, str] | None = None,
        **extra: str,
    ) -> str:
        """Run Python code to its end; its output. A non-zero exit fails the test."""
        done = subprocess.run(
            [sys.executable, "-c", code, *args],
            env=self.environment(uri, **extra, **(env or {})),
            cwd=self.folder,
            capture_output=True,
            timeout=timeout,
            check=False,
        )
        assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
        return done.stdout.decode()

    def agents(self) -> list[int]:
        """Process ids of the agents (guards and workers) of this world."""
        wanted = str(self.spool).encode()
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                environ = (entry / "environ").read_bytes().split(b"\0")
                mine = b"RUNSTREAM_SPOOL_DIR=" + wanted in environ
                if mine and b"RUNSTREAM_AGENT=1" in environ and is_alive(int(entry.name)):
                    found.append(int(entry.name))
        return found

    def close(self) -> None:
        # One that a failed test left behind would log for ever.
        for trainer in self.trainers:
            trainer.kill()
            trainer.wait()
        # Again until none is left: a guard may just have started a new worker.
        while pids := self.agents():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        for server in self.servers:
            if isinstance(server, ClusterServer) or (
                server.process is not None and server.process.poll() is None
            ):
                server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.spool, ignore_errors=True)


@contextlib.contextmanager
def new_world(*, memory_spool: bool = True, engines: Engines | None = None) -> Iterator[World]:
    """A fresh installation; its spool on tmpfs (as by default) or on disk.

    engines: its servers are clusters over them.
    """
    folder = Path(tempfile.mkdtemp(prefix="runstream-e2e-"))
    base = "/dev/shm" if memory_spool and Path("/dev/shm").is_dir() else None
    spool = Path(tempfile.mkdtemp(prefix="runstream-e2e-spool-", dir=base))
    drop = ("RUNSTREAM_", "MLFLOW_", "RANK", "SLURM_", "OMPI_", "PMI_")
    env = {k: v for k, v in os.environ.items() if not k.startswith(drop)}
    env.update(
        RUNSTREAM_SPOOL_DIR=str(spool),
        RUNSTREAM_AGENT_IDLE_SECONDS="3",
        # These tests ask for what is right, not how soon: a loaded machine may wait.
        RUNSTREAM_READ_TIMEOUT="80",
        PYTHONWARNINGS="error",
    )
    world = World(folder, spool, env, engines=engines)
    try:
        yield world
    finally:
        world.close()


class Counter:
    """A number in a shared file: what a trainer that will be killed had done."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(bytes(8))
        with open(path, "r+b") as file:
            self._map = mmap.mmap(file.fileno(), 8)

    def value(self) -> int:
        return int.from_bytes(self._map[:8], "little")

    def close(self) -> None:
        self._map.close()


# A trainer that logs step i with value(i), and notes after each call that it
# returned: arguments are the run id, the counter file and the number of steps.
FLAT_OUT = """
import mmap, sys
import runstream
run_id, counter, steps = sys.argv[1], sys.argv[2], int(sys.argv[3])
with open(counter, "r+b") as file:
    done = memoryview(mmap.mmap(file.fileno(), 8)).cast("Q")
with runstream.start_run(tags={"kind": "flat-out"}) as run:
    with open(run_id, "w") as file:
        file.write(run.info.run_id)
    for i in range(steps):
        runstream.log_metric("loss", i * 0.5 - 7.0, step=i)
        done[0] = i + 1
"""

HISTORY = """
import json, sys
import runstream
client = runstream.MlflowClient()
points = client.get_metric_history(sys.argv[1], sys.argv[2])
print(json.dumps([[p.step, p.value, p.timestamp] for p in points]))
"""


def history(world: World, uri: str, run_id: str, key: str = "loss") -> list[list[float]]:
    """Every point of a series, read by a fresh process."""
    answer: list[list[float]] = json.loads(world.run(HISTORY, run_id, key, uri=uri))
    return answer


def assert_flat_out_points(points: list[list[float]], returned: int) -> None:
    """Each call that returned is there once; at most the one in flight besides."""
    steps = [int(step) for step, _, _ in points]
    assert len(steps) == len(set(steps)), f"{len(steps) - len(set(steps))} points twice"
    assert set(range(returned)) <= set(steps), (
        f"{returned} calls returned, missing: {sorted(set(range(returned)) - set(steps))[:10]}"
    )
    assert set(steps) <= set(range(returned + 1)), sorted(set(steps) - set(range(returned + 1)))
    wrong = [(step, value) for step, value, _ in points if value != step * 0.5 - 7.0]
    assert not wrong, wrong[:10]
