"""A ClickHouse over HTTP for tests, benches and fault plans: started, killed, started again."""

from __future__ import annotations

import http.client
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

from tests.servers.child import Child
from tests.servers.ports import free_port

ROOT = Path(__file__).resolve().parents[2]

_START_SECONDS = 60.0


class ClickHouse(Child):
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
        self.port = port or free_port()
        self.password = password
        self._memory_bytes = memory_bytes

    @property
    def url(self) -> str:
        """Without a database."""
        return f"http://default:{quote(self.password, safe='')}@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Returns when it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "tests.servers.clickhouse_http", str(self.folder)]
        command += [f"--port={self.port}", f"--memory-bytes={self._memory_bytes}"]
        command += [f"--password={self.password}"]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self.is_up():
            if not self.is_alive() or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"ClickHouse did not start: {self.log_tail()}")
            time.sleep(0.02)

    def restart(self) -> None:
        self.stop()
        self.start()

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
        return self._log.read_text(errors="replace")[-2000:]

    @property
    def _log(self) -> Path:
        return self.folder.parent / f"{self.folder.name}.log"
