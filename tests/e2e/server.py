"""Servers as processes, of both sizes, under the same verbs."""

from __future__ import annotations

import contextlib
import signal
import ssl
import subprocess
import sys
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.waiting import PATIENCE_SECONDS, eventually
from tests.servers.cluster import Cluster, Engines
from tests.servers.ports import free_port


@dataclass
class Server:
    """`runstream server DIR` as a process that can be killed and started again."""

    folder: Path
    env: dict[str, str]
    port: int = field(default_factory=free_port)
    grpc_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    host: str = "127.0.0.1"
    flags: tuple[str, ...] = ()

    @property
    def uri(self) -> str:
        scheme = "https" if "--tls-cert" in self.flags else "http"
        return f"{scheme}://{self.host}:{self.port}"

    def start(self, *, watched: bool = True) -> Server:
        """watched: returns when it answers."""
        command = [sys.executable, "-m", "runstream_server", "server", str(self.folder)]
        command += ["--host", self.host, "--port", str(self.port)]
        command += ["--grpc-port", str(self.grpc_port), *self.flags]
        with open(self.folder.parent / f"{self.folder.name}.log", "ab") as log:
            self.process = subprocess.Popen(
                command, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        if watched:
            eventually(self.is_ready)
        return self

    def is_ready(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            text = (self.folder.parent / f"{self.folder.name}.log").read_text()
            raise RuntimeError(f"the server ended with {self.process.returncode}: {text[-2000:]}")
        url = f"{self.uri}/health"
        # Whether its certificate is good is for the tests to find out.
        trust = ssl._create_unverified_context()
        with (
            contextlib.suppress(OSError),
            urllib.request.urlopen(url, timeout=2, context=trust) as answer,
        ):
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


class ClusterServer(Server):
    """The same, of many processes: a cluster of its own over engines that tests share."""

    def __init__(self, folder: Path, env: dict[str, str], engines: Engines) -> None:
        self.cluster = Cluster(folder, engines=engines, environment=env)
        gateway = self.cluster.gateway
        super().__init__(folder, env, gateway.port, gateway.grpc_port)

    def start(self, *, watched: bool = True) -> Server:
        self.cluster.start()
        return self

    def kill(self) -> None:
        self.cluster.kill()

    def close(self) -> int:
        return max(role.stop() for role in self.cluster.roles)
