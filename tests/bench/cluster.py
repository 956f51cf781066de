"""The cluster size, of real processes on this machine: rates, and what a point costs where.

A broker, the store over HTTP and one of each role share the processors with the client,
so the rates are of all of them together. The processor times are each process's own;
merges are waited for and included.
"""

from __future__ import annotations

import base64
import json
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from tests.bench.append import Appended, append, wait_materialized
from tests.bench.figure import Figure
from tests.bench.processes import Meter
from tests.bench.throughput import ONE_PROCESS, VISIBLE
from tests.e2e.harness import ClusterServer, World, new_world
from tests.servers.clickhouse import ClickHouse
from tests.servers.cluster import Cluster, Engines
from tests.servers.role_process import RoleProcess

Report = Callable[[Figure], None]

# Enough for merges of merges; the files stay below 2 GB.
POINTS = 24_000_000
# Before anything is measured: the broker compiles what it runs often.
_WARM_POINTS = 8_000_000
_IDLE_SECONDS = 10.0
_VISIBLE_SECONDS = 15
# The store has merged what it will merge soon when it uses less than this.
_IDLE_SHARE = 0.05


@dataclass(frozen=True)
class Bench:
    """A running cluster, and where its clients are started."""

    world: World
    cluster: Cluster

    @property
    def ingest(self) -> str:
        return self.cluster.ingests[0].grpc_address

    @property
    def query(self) -> str:
        return self.cluster.queries[0].grpc_address

    def pids(self) -> dict[str, list[int]]:
        """The processes that a point goes through."""
        return {
            "ingest": [self.cluster.ingests[0].pid],
            "broker": [self.cluster.kafka.pid],
            "materialize": [one.pid for one in self.cluster.materializers if one.is_alive()],
            "store": [self.cluster.clickhouse.pid],
        }

    def meter(self, *names: str) -> Meter:
        """Of these processes, or of all."""
        pids = self.pids()
        return Meter({name: pids[name] for name in names or pids})

    def warm(self) -> dict[str, float]:
        """Makes it as it is after minutes of work; the share of a processor that each
        process uses when nothing comes."""
        sent = append(self.world, self.ingest, _WARM_POINTS)
        wait_materialized(self.query, sent.positions)
        self.settle()
        meter = self.meter()
        time.sleep(_IDLE_SECONDS)
        return {name: used / _IDLE_SECONDS for name, used in meter.used_seconds().items()}

    def settle(self) -> None:
        """Returns when the store has nothing left to merge."""
        meter = self.meter("store")
        while True:
            time.sleep(1)
            if meter.used_seconds()["store"] < _IDLE_SHARE:
                return

    def log_bytes(self) -> int:
        """Of the events topic on the broker's disk: one copy."""
        data = self.cluster.kafka.folder / "data"
        segments = data.glob(f"{self.cluster.name}.events-*/*.log")
        return sum(segment.stat().st_size for segment in segments)

    def table_bytes(self) -> int:
        """Of all tables on the store's disk: one copy."""
        return int(
            _asked(
                self.cluster.clickhouse,
                "SELECT sum(bytes_on_disk) FROM system.parts "
                f"WHERE active AND database = '{self.cluster.name}'",
            )
        )


@contextmanager
def running() -> Iterator[Bench]:
    """One of each role, with a broker, a store and an S3 server of their own."""
    with tempfile.TemporaryDirectory(prefix="runstream-bench-") as name:
        engines = Engines(Path(name))
        try:
            engines.start()
            with new_world(engines=engines) as world:
                server = world.server()
                assert isinstance(server, ClusterServer)
                yield Bench(world, server.cluster)
        finally:
            engines.close()


def measure(report: Report) -> None:
    """Ingest alone, the tables alone, both; one run alone; the lag; the SDK's way; two
    materialize processes."""
    with running() as bench:
        for process, share in bench.warm().items():
            report(Figure(f"cluster: idle, share of a processor: {process}", share * 100, "%"))
        _tables_alone(bench, _ingest_alone(bench, report), report)
        _append(bench, report, "one", 1_000_000)
        _one_run(bench, report)
        _visible(bench, report)
        _one_process(bench, report)
        bench.cluster.add("materialize")
        _until_shared(bench)
        _append(bench, report, "two", None)


def _until_shared(bench: Bench) -> None:
    """Returns when every materialize process has partitions."""
    while not all(_partitions(role) for role in bench.cluster.materializers):
        time.sleep(0.2)


def _partitions(materializer: RoleProcess) -> float:
    with materializer.open("/metrics") as answer:
        lines = answer.read().decode().splitlines()
    name = 'runstream_materialize_partitions{log="events"} '
    return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))


def _ingest_alone(bench: Bench, report: Report) -> Appended:
    """Accepted: durable at the broker. Nobody reads the log meanwhile."""
    bench.cluster.materializers[0].stop()
    log_before = bench.log_bytes()
    meter = bench.meter("ingest", "broker")
    sent = append(bench.world, bench.ingest, POINTS)
    name = "cluster: append accepted, batches of 10 k"
    report(Figure(name, sent.points / sent.seconds, "points/s", 2_000_000, "higher"))
    used = {"client": sent.client_cpu_seconds, **meter.used_seconds()}
    _report_costs(report, used, sent.points, "append")
    _report_bytes(report, "on the wire", sent.wire_bytes, sent.points)
    _report_bytes(report, "in the log", bench.log_bytes() - log_before, sent.points)
    return sent


def _tables_alone(bench: Bench, sent: Appended, report: Report) -> None:
    """A backlog: how fast one materialize process is when nothing else runs."""
    bench.settle()
    tables_before = bench.table_bytes()
    start = time.perf_counter()
    bench.cluster.materializers[0].start()
    reading, store = bench.meter("broker", "materialize"), bench.meter("store")
    wait_materialized(bench.query, sent.positions)
    seconds = time.perf_counter() - start
    used = reading.used_seconds()
    name = "cluster: log to materialized, a backlog, one process"
    report(Figure(name, sent.points / seconds, "points/s", better="higher"))
    bench.settle()
    used.update(store.used_seconds())
    _report_costs(report, used, sent.points, "a backlog")
    _report_bytes(report, "in the tables", bench.table_bytes() - tables_before, sent.points)


def _append(bench: Bench, report: Report, processes: str, budget: float | None) -> None:
    """processes: how many materialize, in words."""
    passing, store = bench.meter("ingest", "broker", "materialize"), bench.meter("store")
    sent = append(bench.world, bench.ingest, POINTS)
    wait_materialized(bench.query, sent.positions)
    seconds = time.perf_counter() - sent.began
    used = {"client": sent.client_cpu_seconds, **passing.used_seconds()}
    name = f"cluster: append to materialized, batches of 10 k, {processes} materialize"
    report(Figure(name, sent.points / seconds, "points/s", budget, "higher"))
    bench.settle()
    used.update(store.used_seconds())
    _report_costs(report, used, sent.points, f"append to materialized, {processes}")


def _one_run(bench: Bench, report: Report) -> None:
    """The same from the ranks of one run: one partition."""
    sent = append(bench.world, bench.ingest, POINTS // 2, runs=1)
    wait_materialized(bench.query, sent.positions)
    seconds = time.perf_counter() - sent.began
    name = "cluster: append accepted, one run"
    report(Figure(name, sent.points / sent.seconds, "points/s", better="higher"))
    name = "cluster: append to materialized, one run"
    report(Figure(name, sent.points / seconds, "points/s", better="higher"))
    bench.settle()


def _visible(bench: Bench, report: Report) -> None:
    text = bench.world.run(
        VISIBLE, str(_VISIBLE_SECONDS), bench.query, uri=bench.cluster.uri, timeout=180
    )
    out = _last(text)
    report(Figure("cluster: logged to visible at 10 k points/s, p50", out["p50"] * 1e3, "ms"))
    report(Figure("cluster: logged to visible at 10 k points/s, p99", out["p99"] * 1e3, "ms", 1500))


def _one_process(bench: Bench, report: Report) -> None:
    """A training process flat out, through its spool and agent."""
    points = POINTS // 6
    arguments = (str(points), str(bench.cluster.ingests[0].pid))
    out = _last(bench.world.run(ONE_PROCESS, *arguments, uri=bench.cluster.uri, timeout=600))
    rate = points / out["materialized"]
    name = "cluster: logged to materialized, one process"
    report(Figure(name, rate, "points/s", better="higher"))
    used = {name: out[name] for name in ("trainer", "agent")}
    _report_costs(report, used, points, "logged")


def _report_costs(report: Report, used: Mapping[str, float], points: int, what: str) -> None:
    for process, seconds in used.items():
        name = f"cluster: processor time per point, {what}: {process}"
        report(Figure(name, seconds / points * 1e9, "ns"))


def _report_bytes(report: Report, where: str, size_bytes: int, points: int) -> None:
    report(Figure(f"cluster: bytes per point, {where}", size_bytes / points, "bytes"))


def _asked(clickhouse: ClickHouse, statement: str) -> str:
    """The answer to a statement, as text."""
    url = f"http://127.0.0.1:{clickhouse.port}/?{urlencode({'query': statement})}"
    credentials = base64.b64encode(f"default:{clickhouse.password}".encode()).decode()
    request = urllib.request.Request(url, headers={"Authorization": f"Basic {credentials}"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        text: str = answer.read().decode()
        return text.strip()


def _last(output: str) -> dict[str, float]:
    answer: dict[str, float] = json.loads(output.splitlines()[-1])
    return answer
