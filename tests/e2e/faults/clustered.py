"""The cluster size: real Kafka, ClickHouse and S3, every connection over a proxy."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from runstream_server.eventlog.kafka.logs import KafkaLogs
from runstream_server.eventlog.kafka.settings import KafkaSettings
from runstream_server.eventlog.port import Record
from tests.e2e.faults.installation import Installation, Process
from tests.e2e.faults.proxy import Proxy
from tests.servers.cluster import Cluster, Engines, Size
from tests.servers.kafka import KafkaServer
from tests.servers.ports import free_port
from tests.servers.role_process import RoleProcess

_POLL_BYTES = 8 * 1024 * 1024
_REBUILD_SECONDS = 300.0


class _Engines(Engines):
    """The broker sends its clients to a proxy."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.broker_port = free_port()
        self.kafka = KafkaServer(folder / "kafka", advertised_port=self.broker_port)


class ProxiedCluster(Cluster):
    """What one process tells another of its address leads over the proxy."""

    def __init__(
        self, folder: Path, size: Size, proxy: Proxy, environment: Mapping[str, str]
    ) -> None:
        self._proxy = proxy
        self._engines = _Engines(folder)
        super().__init__(folder, size, engines=self._engines, environment=environment)

    def start(self) -> Cluster:
        self._engines.start()
        return super().start()

    def close(self) -> None:
        super().close()
        self._engines.close()

    def _variables(self) -> dict[str, str]:
        broker = int(self.kafka.address.rpartition(":")[2])
        self._proxy.link("services-broker", broker, self._engines.broker_port)
        store = self._proxy.link("services-store", self.clickhouse.port)
        plain = super()._variables()
        address = plain["RUNSTREAM_CLICKHOUSE"]
        return {
            **plain,
            "RUNSTREAM_KAFKA": f"127.0.0.1:{self._engines.broker_port}",
            "RUNSTREAM_CLICKHOUSE": address.replace(f":{self.clickhouse.port}", f":{store}"),
        }

    def _blob_variables(self) -> dict[str, str]:
        port = self.s3.port
        services = self._proxy.link("services-s3", port)
        agents = self._proxy.link("agent-s3", port)
        return {
            **super()._blob_variables(),
            "RUNSTREAM_S3_ENDPOINT": f"http://127.0.0.1:{services}",
            "RUNSTREAM_S3_PUBLIC_ENDPOINT": f"http://127.0.0.1:{agents}",
        }

    def _upstream(self, direct: bool) -> list[str]:
        plain = ("--ingest", self._addresses(self.ingests), "--query")
        return [
            *(*plain, self._addresses(self.queries)),
            *("--public-ingest", self._addresses(self.ingests, "agent-ingest")),
            *("--public-query", self._addresses(self.queries, "agent-query")),
        ]

    def _addresses(self, roles: Sequence[RoleProcess], network: str = "") -> str:
        ports = (
            self._proxy.link(network, role.grpc_port) if network else role.grpc_port
            for role in roles
        )
        return ",".join(f"127.0.0.1:{port}" for port in ports)


class ClusterInstallation(Installation):
    """Two of each role that shares work."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        super().__init__()
        size = Size(ingest=2, materialize=2, query=2)
        self.cluster = ProxiedCluster(folder, size, self.proxy, environment)
        self._uri = ""
        self._extra: list[RoleProcess] = []

    @property
    def uri(self) -> str:
        return self._uri

    def start(self) -> None:
        self.cluster.start()
        self._uri = (
            f"http://127.0.0.1:{self.proxy.link('agent-gateway', self.cluster.gateway.port)}"
        )

    def processes(self, target: str) -> Sequence[Process]:
        cluster = self.cluster
        every: dict[str, Sequence[Process]] = {
            "ingest": cluster.ingests,
            "materialize": cluster.materializers,
            "query": cluster.queries,
            "gateway": [cluster.gateway],
            "broker": [cluster.kafka],
            "store": [cluster.clickhouse],
            "s3": [cluster.s3],
        }
        return every[target]

    def revive(self, process: Process) -> None:
        if isinstance(process, RoleProcess):
            process.spawn()  # it may have to wait for an engine that is away
        elif process is self.cluster.kafka:
            self.cluster.kafka.start()
        elif process is self.cluster.clickhouse:
            self.cluster.clickhouse.start()
        else:
            self.cluster.s3.start()

    def supervise(self) -> None:
        for role in self.cluster.roles:
            lock = self.locks[id(role)]
            if role.is_alive() or not lock.acquire(blocking=False):
                continue
            with contextlib.ExitStack() as held:
                held.callback(lock.release)
                if not role.is_alive():
                    assert role.process is not None
                    last = role.tail().strip().splitlines()[-1:]
                    self.ended.append(f"{role.role} ended, {role.process.returncode}: {last}")
                    role.spawn()

    def settle(self) -> None:
        for role in self.cluster.roles:
            if not role.is_alive():
                role.spawn()
            role.wait_ready()

    def expand(self) -> Process:
        cluster = self.cluster
        number = len(cluster.materializers) + len(self._extra)
        log = cluster.folder / f"materialize-{number}.log"
        extra = RoleProcess("materialize", log, cluster.environment)
        self._extra.append(extra)
        extra.spawn()
        return extra

    def shrink(self, process: Process) -> None:
        assert isinstance(process, RoleProcess)
        process.stop()

    def writers(self) -> Sequence[str]:
        return [role.grpc_address for role in self.cluster.ingests]

    def readers(self) -> Sequence[str]:
        return [role.grpc_address for role in self.cluster.queries]

    def rebuild(self) -> str:
        code, output = self.cluster.command("rebuild", timeout=_REBUILD_SECONDS)
        return output if code else ""

    def ends(self) -> Mapping[tuple[str, int], int]:
        with contextlib.closing(self._logs()) as logs:
            return {
                (log.log, partition): end
                for log in (logs.events, logs.registry)
                for partition, end in log.end_offsets().items()
            }

    def records(self, begin: Mapping[int, int] | None = None) -> Iterator[Record]:
        with contextlib.ExitStack() as closing:
            logs = closing.enter_context(contextlib.closing(self._logs()))
            reader = closing.enter_context(contextlib.closing(logs.events.open_reader(begin or {})))
            while records := reader.poll(_POLL_BYTES, 0.0):
                yield from records

    def close(self) -> None:
        for extra in self._extra:
            extra.kill()
        self.cluster.close()
        self.proxy.close()

    def _logs(self) -> KafkaLogs:
        return KafkaLogs(KafkaSettings.from_environment(self.cluster.environment))
