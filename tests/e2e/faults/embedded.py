"""The embedded size: one server process, reached over a proxy."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from runstream_server.embedded import PARTITIONS
from runstream_server.eventlog.port import EVENTS, REGISTRY, Record
from tests.e2e.faults.installation import Installation, Process
from tests.e2e.harness import PATIENCE_SECONDS, Server


class PausableServer(Server):
    """A server that can stand still."""

    def pause(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGCONT)


class EmbeddedInstallation(Installation):
    """Agents speak gRPC with it over the proxy; artifacts go straight to it."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        super().__init__()
        folder.mkdir(parents=True)
        self._server = PausableServer(folder / "data", dict(environment))
        self._environment = dict(environment)
        self._uri = ""

    @property
    def uri(self) -> str:
        return self._uri

    def start(self) -> None:
        self._server.start()
        port = self.proxy.link("agent-server", self._server.grpc_port)
        self._uri = f"grpc://127.0.0.1:{port}"

    def processes(self, target: str) -> Sequence[Process]:
        assert target == "server"
        return [self._server]

    def revive(self, process: Process) -> None:
        self._server.start()

    def supervise(self) -> None:
        lock = self.locks[id(self._server)]
        if not lock.acquire(blocking=False):
            return
        with contextlib.ExitStack() as held:
            held.callback(lock.release)
            process = self._server.process
            if process is not None and process.poll() is not None:
                self.ended.append(f"the server ended, {process.returncode}")
                self._server.start()

    def settle(self) -> None:
        self.supervise()

    def writers(self) -> Sequence[str]:
        return [f"127.0.0.1:{self._server.grpc_port}"]

    readers = writers

    def rebuild(self) -> str:
        # Where no server was there, the command would do it itself and keep one from starting.
        with self.locks[id(self._server)]:
            done = subprocess.run(
                [sys.executable, "-m", "runstream_server", "rebuild", str(self._server.folder)],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=PATIENCE_SECONDS,
                check=False,
            )
        return done.stderr if done.returncode else ""

    def ends(self) -> Mapping[tuple[str, int], int]:
        with self._reading() as connection:
            return {
                (log, partition): connection.execute(
                    f"SELECT coalesce(max(offset) + 1, 0) FROM {log}_{partition}"
                ).fetchone()[0]
                for log, count in ((EVENTS, PARTITIONS), (REGISTRY, 1))
                for partition in range(count)
            }

    def records(self, begin: Mapping[int, int] | None = None) -> Iterator[Record]:
        with self._reading() as connection:
            for partition in range(PARTITIONS):
                rows = connection.execute(
                    f"SELECT offset, value FROM {EVENTS}_{partition} WHERE offset >= ? "
                    "ORDER BY offset",
                    ((begin or {}).get(partition, 0),),
                )
                for offset, value in rows:
                    yield Record(partition, offset, value)

    def close(self) -> None:
        if self._server.process is not None and self._server.process.poll() is None:
            self._server.kill()
        self.proxy.close()

    def _reading(self) -> contextlib.closing[sqlite3.Connection]:
        log = self._server.folder / "log.sqlite"
        return contextlib.closing(sqlite3.connect(f"file:{log}?mode=ro", uri=True))
