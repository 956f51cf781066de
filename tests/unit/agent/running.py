"""An agent on a thread of the tests' process, and processes that log beside it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

from runstream.agent import places
from runstream.agent.agent import Agent
from runstream.agent.client import AgentClient
from runstream.agent.detach import Terminated
from runstream.agent.leave import LeavePolicy
from runstream.agent.requests import Requests
from runstream.spool.folders import ScopeFolders
from runstream.spool.series import RunSpool
from runstream.spool.writer import ProcessSpool
from runstream.v1 import spool_pb2
from tests.unit.agent.grpc_server import GrpcServer
from tests.unit.agent.helpers import address_of

URI = "file:///data"
RUN = "ab" * 16

# What a process does that ends without a word; the folder is its argument.
_DIES = """
import os, sys
from pathlib import Path
from runstream.spool.folders import ScopeFolders
from runstream.spool.series import RunSpool
from runstream.spool.writer import ProcessSpool
from runstream.v1 import spool_pb2
folder = Path(sys.argv[1])
spool = ProcessSpool.create(ScopeFolders(folder, folder))
definition = spool_pb2.RunDefinition(
    run_id="ab" * 16, tracking_uri="file:///data", attempt_start_ms=1000, owned=True
)
run = RunSpool(spool, spool.define_run(definition))
for step in range(100):
    run.log_metric("loss", 0.5, step, 7)
os._exit(9)
"""


class Running:
    """An agent on a thread of its own, and a client."""

    def __init__(self, folders: ScopeFolders, server: GrpcServer, idle_seconds: float = 1e9):
        self.folders = folders
        self.lock_fd = places.open_lock(folders.disk)
        assert places.try_lock(self.lock_fd)
        self.terminated = Terminated()
        self.client = AgentClient(folders)
        listening = threading.Event()

        def run() -> None:
            policy = LeavePolicy(idle_seconds)
            agent = Agent(folders, self.lock_fd, lambda uri: address_of(server), policy)
            agent.listen(Requests(agent).handle)
            listening.set()
            agent.run(self.terminated)

        self.thread = threading.Thread(target=run)
        self.thread.start()
        assert listening.wait(10)

    def ask(self, **kind: object) -> spool_pb2.AgentResponse:
        return self.client.call(spool_pb2.AgentRequest(**kind), 20.0)  # type: ignore[arg-type]

    def flush(self, timeout_ms: int = 15_000, producer_id: bytes = b"") -> spool_pb2.AgentResponse:
        flush = spool_pb2.AgentFlush(
            tracking_uri=URI, level="accepted", timeout_ms=timeout_ms, producer_id=producer_id
        )
        return self.ask(flush=flush)

    def call(self, method: str, request: bytes, wait: bool = True) -> spool_pb2.AgentResponse:
        call = spool_pb2.AgentCall(
            tracking_uri=URI,
            method=f"/runstream.v1.{method}",
            request=request,
            timeout_ms=15_000,
            read_your_writes=wait,
        )
        return self.ask(call=call)

    def end(self) -> None:
        self.terminated.asked = True
        self.thread.join(20)
        assert not self.thread.is_alive()
        os.close(self.lock_fd)


def one_run(folders: ScopeFolders) -> tuple[ProcessSpool, RunSpool]:
    """A run of this process."""
    spool = ProcessSpool.create(folders)
    definition = spool_pb2.RunDefinition(
        run_id=RUN, tracking_uri=URI, attempt_start_ms=1000, owned=True
    )
    return spool, RunSpool(spool, spool.define_run(definition))


def die(folder: Path) -> None:
    """Have a process log 100 points there and end without a word."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([sys.executable, "-c", _DIES, str(folder)], check=False)
    assert done.returncode == 9
