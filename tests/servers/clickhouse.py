"""A ClickHouse over HTTP for tests, benches and fault plans: started, killed, started again."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO
from urllib.parse import quote

ROOT = Path(__file__).resolve().parents[2]

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0


class ClickHouse:
    """One server over one folder, on one port for all its lives.

    password: of the user `default`; empty: none is asked for.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = 0,
        password: str = "",
        memory_bytes: int = 2_000_000_000,
    ) -> None:
        self.folder = folder
        self.port = port or _free_port()
        self.password = password
        self._memory_bytes = memory_bytes
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None

    @property
    def url(self) -> str:
        """Without a database."""
        return f"http://default:{quote(self.password, safe='')}@127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None, "it does not run"
        return self._process.pid

    def start(self) -> None:
        """Returns when it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._log = (self.folder.parent / f"{self.folder.name}.log").open("ab")
        command = [sys.executable, "-m", "tests.servers.clickhouse_http", str(self.folder)]
        command += [f"--port={self.port}", f"--memory-bytes={self._memory_bytes}"]
        command += [f"--password={self.password}"]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=self._log, stderr=self._log
        )
        deadline = time.monotonic() + _START_SECONDS
        while not self.is_up():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"ClickHouse did not start: {self.log_tail()}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Finishes what is in hand. May be called twice."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def pause(self) -> None:
        """It holds its connections and says nothing."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    def is_up(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", "/ping")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def log_tail(self) -> str:
        path = self.folder.parent / f"{self.folder.name}.log"
        return path.read_text(errors="replace")[-2000:]

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        if how is not signal.SIGKILL:
            process.send_signal(signal.SIGCONT)
        try:
            process.wait(_STOP_SECONDS)
        finally:
            process.kill()
            process.wait()
            if self._log is not None:
                self._log.close()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
