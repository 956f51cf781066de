"""One process of a cluster: started, killed, paused, asked how it is."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.child import Child
from tests.servers.ports import free_port

PATIENCE_SECONDS = 90.0


@dataclass
class RoleProcess(Child):
    """`runstream service ROLE` that can be killed and started again."""

    role: str
    log: Path
    environment: Mapping[str, str]
    flags: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    grpc_port: int = field(default_factory=free_port)

    end_seconds = PATIENCE_SECONDS

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def grpc_address(self) -> str:
        return f"127.0.0.1:{self.grpc_port}"

    def spawn(self) -> None:
        """Starts it; does not wait."""
        ports = ["--port", str(self.port)]
        if self.role != "materialize":
            ports += ["--grpc-port", str(self.grpc_port)]
        command = [sys.executable, "-m", "runstream_server", "service", self.role, *ports]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *self.flags],
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def start(self) -> RoleProcess:
        """Returns when it is ready."""
        self.spawn()
        self.wait_ready()
        return self

    def wait_ready(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.is_ready():
            if not self.is_alive():
                assert self.process is not None
                raise RuntimeError(f"{self.role} ended, {self.process.returncode}: {self.tail()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.role} is not ready: {self.tail()}")
            time.sleep(0.05)

    def is_ready(self) -> bool:
        with contextlib.suppress(OSError), self.open("/ready") as answer:
            return bool(answer.status == 200)
        return False

    def open(self, path: str) -> urllib.request._UrlopenRet:
        """A request to its HTTP door."""
        return urllib.request.urlopen(self.uri + path, timeout=5)

    def metric(self, name: str) -> float:
        """The sum of a measure over its labels."""
        with self.open("/metrics") as answer:
            lines = answer.read().decode().splitlines()
        values = [line.rpartition(" ") for line in lines if line.startswith(name)]
        return sum(float(value) for label, _, value in values if label.partition("{")[0] == name)

    def restart(self) -> None:
        self.stop()
        self.start()

    def tail(self) -> str:
        return self.log.read_text(errors="replace")[-20_000:]
