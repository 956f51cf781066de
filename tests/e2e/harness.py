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
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar

T = TypeVar("T")

# Long enough for a loaded two-core machine; a healthy run needs a fraction.
PATIENCE_SECONDS = 90.0


def eventually(
    check: Callable[[], T | Literal[False]], patience_seconds: float = PATIENCE_SECONDS
) -> T:
    """The first true answer of `check`; its last error or answer at the deadline."""
    deadline = time.monotonic() + patience_seconds
    while True:
        try:
            answer = check()
            if answer:
                return answer
            failure: object = answer
        except AssertionError as error:
            failure = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience_seconds} s; last: {failure!r}")
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


@dataclass
class Server:
    """`runstream server DIR` as a process that can be killed and started again."""

    folder: Path
    env: dict[str, str]
    port: int = field(default_factory=free_port)
    grpc_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Server:
        command = [sys.executable, "-m", "runstream_server", "server", str(self.folder)]
        command += ["--port", str(self.port), "--grpc-port", str(self.grpc_port)]
        with open(self.folder.parent / f"{self.folder.name}.log", "ab") as log:
            self.process = subprocess.Popen(
                command, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        eventually(self.is_ready)
        return self

    def is_ready(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            text = (self.folder.parent / f"{self.folder.name}.log").read_text()
            raise RuntimeError(f"the server ended with {self.process.returncode}: {text[-2000:]}")
        url = f"{self.uri}/health"
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
        return False

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def close(self) -> int:
        """SIGTERM, and the exit status."""
        if self.process is None:
            return 0
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE_SECONDS)


@dataclass
class World:
    """One isolated installation: folders, environment, processes to end."""

    folder: Path
    spool: Path
    env: dict[str, str]
    servers: list[Server] = field(default_factory=list)

    def server(self, name: str = "data", *, start: bool = True) -> Server:
        server = Server(self.folder / name, self.env)
        self.servers.append(server)
        return server.start() if start else server

    def environment(self, uri: str = "", **extra: str) -> dict[str, str]:
        env = dict(self.env, **extra)
        if uri:
            env["RUNSTREAM_TRACKING_URI"] = uri
        return env

    def popen(self, code: str, *args: str, uri: str = "", **extra: str) -> subprocess.Popen[bytes]:
        """A trainer: Python code in a process of its own, in a group of its own."""
        with open(self.folder / "trainers.log", "ab") as log:
            return subprocess.Popen(
                [sys.executable, "-c", code, *args],
                env=self.environment(uri, **extra),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
            )

    def run(
        self, code: str, *args: str, uri: str = "", timeout: float = PATIENCE_SECONDS, **extra: str
    ) -> str:
        """Run Python code to its end; its output. A non-zero exit fails the test."""
        done = subprocess.run(
            [sys.executable, "-c", code, *args],
            env=self.environment(uri, **extra),
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
        # Again until none is left: a guard may just have started a new worker.
        while pids := self.agents():
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
        for server in self.servers:
            if server.process is not None and server.process.poll() is None:
                server.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.rmtree(self.spool, ignore_errors=True)


@contextlib.contextmanager
def new_world(*, memory_spool: bool = True) -> Iterator[World]:
    """A fresh installation; its spool on tmpfs (as by default) or on disk."""
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
    world = World(folder, spool, env)
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
