"""A whole cluster as real processes: broker, ClickHouse, S3, and N of each role.

    with Cluster(folder) as cluster:
        cluster.uri                     # for RUNSTREAM_TRACKING_URI
        cluster.ingests[0].kill()       # and start(), pause(), resume()

Everything listens on loopback, on ports that outlive a restart. Usable outside
the tests too.
"""

from __future__ import annotations

import copy
import os
import subprocess
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from tests.servers import kafka, s3
from tests.servers.clickhouse import ClickHouse
from tests.servers.kafka import KafkaServer
from tests.servers.role_process import PATIENCE_SECONDS, RoleProcess
from tests.servers.s3 import S3Server


def missing() -> str:
    """Why no cluster can be started on this machine; empty when it can."""
    if reason := kafka.missing():
        return reason
    if not s3.BINARY.exists():
        return f"{s3.BINARY} is missing: `make servers` builds it, with Go"
    return ""


@dataclass(frozen=True)
class Size:
    """How many of each role, and how many partitions."""

    ingest: int = 1
    materialize: int = 1
    query: int = 1
    partitions: int = 8


ONE_OF_EACH = Size()


class Engines:
    """A broker, a ClickHouse and an S3 server, which several clusters may share."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.kafka = KafkaServer(folder / "kafka")
        self.clickhouse = ClickHouse(folder / "clickhouse" / "engine", password="not-a-secret")
        self.s3 = S3Server()

    def start(self) -> None:
        """Returns when all answer."""
        self.kafka.start()
        self.clickhouse.start()
        self.s3.start()

    def with_s3(self, s3: S3Server) -> Engines:
        """The same broker and store, and another S3 server, which is the caller's to end."""
        other = copy.copy(self)
        other.s3 = s3
        return other

    def close(self) -> None:
        self.s3.close()
        self.clickhouse.kill()
        self.kafka.kill()


class Cluster:
    """See the module. Its topics, database and bucket are its own.

    engines: running ones that others use too; None: it starts and ends three of its own.
    direct: agents reach ingest and query themselves; else through the gateway.
    """

    def __init__(
        self,
        folder: Path,
        size: Size = ONE_OF_EACH,
        *,
        engines: Engines | None = None,
        direct: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.size = size
        self.engines = engines or Engines(folder)
        self._shared = engines is not None
        self.name = f"test_{uuid.uuid4().hex[:10]}"
        self.environment = dict(os.environ if environment is None else environment)
        self.ingests = [self._role("ingest", n) for n in range(size.ingest)]
        self.materializers = [self._role("materialize", n) for n in range(size.materialize)]
        self.queries = [self._role("query", n) for n in range(size.query)]
        self.gateway = self._role("gateway", 0, *self._upstream(direct))
        self._configured = False

    @property
    def kafka(self) -> KafkaServer:
        return self.engines.kafka

    @property
    def clickhouse(self) -> ClickHouse:
        return self.engines.clickhouse

    @property
    def s3(self) -> S3Server:
        return self.engines.s3

    @property
    def uri(self) -> str:
        """The tracking URI."""
        return self.gateway.uri

    @property
    def roles(self) -> list[RoleProcess]:
        return [*self.ingests, *self.materializers, *self.queries, self.gateway]

    def start(self) -> Cluster:
        """Returns when every process is ready; those that run go on."""
        if not self._configured:
            if not self._shared:
                self.engines.start()
            self.environment.update(self._variables())
            self.environment.update(self._blob_variables())
            self._configured = True
        for role in self.roles:
            if not role.is_alive():
                role.spawn()
        for role in self.roles:
            role.wait_ready()
        return self

    def kill(self) -> None:
        """kill -9 of every role; the engines run on."""
        for role in self.roles:
            role.kill()

    def add(self, role: str) -> RoleProcess:
        """One more materializer, ingest or query; started."""
        others = {"ingest": self.ingests, "materialize": self.materializers, "query": self.queries}[
            role
        ]
        process = self._role(role, len(others))
        others.append(process)
        return process.start()

    def command(self, *arguments: str, timeout: float = PATIENCE_SECONDS) -> tuple[int, str]:
        """`runstream …` with the cluster's settings: exit status and what it says.

        Warnings and logs go to the file command.log.
        """
        done = subprocess.run(
            [sys.executable, "-m", "runstream_server", *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        with (self.folder / "command.log").open("a") as log:
            log.write(done.stderr)
        said = [line for line in done.stderr.splitlines() if line.startswith(("Error", "Usage"))]
        return done.returncode, "\n".join([done.stdout, *said]).strip("\n")

    def close(self) -> None:
        """Ends all processes. What is in `folder` stays."""
        self.kill()
        if not self._shared:
            self.engines.close()

    def __enter__(self) -> Cluster:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def _role(self, role: str, number: int, *flags: str) -> RoleProcess:
        return RoleProcess(role, self.folder / f"{role}-{number}.log", self.environment, flags)

    def _variables(self) -> dict[str, str]:
        return {
            # Newer Pythons warn of what the Kafka client does when it is imported.
            "PYTHONWARNINGS": "error,ignore:read_text is,ignore:open_text is",
            "RUNSTREAM_KAFKA": self.kafka.address,
            "RUNSTREAM_KAFKA_PREFIX": self.name,
            "RUNSTREAM_PARTITIONS": str(self.size.partitions),
            "RUNSTREAM_SINGLE_BROKER": "1",
            "RUNSTREAM_CLICKHOUSE": f"{self.clickhouse.url}/{self.name}",
        }

    def _blob_variables(self) -> dict[str, str]:
        return self.s3.environment(self.s3.new_bucket())

    def _upstream(self, direct: bool) -> list[str]:
        ingest = ",".join(one.grpc_address for one in self.ingests)
        query = ",".join(one.grpc_address for one in self.queries)
        flags = ["--ingest", ingest, "--query", query]
        if direct:
            flags += ["--public-ingest", ingest, "--public-query", query]
        return flags
