"""`make soak`: minutes flat out, and whether memory stays level.

python -m tests.bench.soak --minutes 5 --size cluster

Training processes log through their spools and one agent as fast as they can, over real
servers on this machine. Ends with 0 when every process that has to be level was, the engine
and the broker stayed below their caps, and every run is complete; the last line says so.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from runstream_server.store.limits import EngineLimits
from tests.bench.level import Judged, Sample, judge_capped, judge_level
from tests.bench.processes import resident_bytes
from tests.e2e.harness import ClusterServer, Counter, World, new_world
from tests.servers.cluster import Engines

_SAMPLE_SECONDS = 1.0
_LINE_SECONDS = 10.0
_WARM_SECONDS = 60.0
_TRAINERS = 2
# After the last call: what waits in spools and in the log.
_DRAIN_SECONDS = 300.0
# The store's engine has 2 GB; around it are the interpreter and the bodies of its requests.
_STORE_CAP_BYTES = 2_000_000_000 + 500_000_000
# -Xmx512m; buffers outside the heap have the same bound, code and threads a fraction.
_BROKER_CAP_BYTES = 2 * 512 * 1024**2 + 256 * 1024**2

# Arguments: where the number of points goes, where the run's id goes, seconds. It logs in
# bursts, and waits for each to be accepted: else a spool would only grow. Now and then it
# waits until readers see all: else the log would.
TRAINER = """
import mmap, random, sys, time
import runstream
counter, identity, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])
with open(counter, "r+b") as file:
    logged = memoryview(mmap.mmap(file.fileno(), 8)).cast("Q")
values = [random.gauss(0, 1) for _ in range(10_007)]
keys = [f"metric_{k}" for k in range(10)]
log_metric = runstream.log_metric
end, step = time.monotonic() + seconds, 0
with runstream.start_run() as run:
    with open(identity, "w") as file:
        file.write(run.info.run_id)
    while time.monotonic() < end:
        for burst in range(8):
            for _ in range(25_000):
                value = values[step % 10_007]
                for key in keys:
                    log_metric(key, value, step=step)
                step += 1
            logged[0] = step * 10
            runstream.flush(level="accepted", timeout=300)
            if time.monotonic() > end:
                break
        runstream.flush(level="materialized", timeout=300)
"""


@dataclass(frozen=True)
class Bench:
    """level: processes whose memory has to stay level. capped: with the most they may take."""

    world: World
    uri: str
    level: Mapping[str, int]
    capped: Mapping[str, tuple[int, int]]


@contextmanager
def cluster() -> Iterator[Bench]:
    """One of each role over a broker, a store and an S3 server."""
    with tempfile.TemporaryDirectory(prefix="runstream-soak-") as name:
        engines = Engines(Path(name))
        try:
            engines.start()
            with new_world(engines=engines) as world:
                server = world.server()
                assert isinstance(server, ClusterServer)
                roles = server.cluster
                yield Bench(
                    world,
                    server.uri,
                    {"ingest": roles.ingests[0].pid, "materialize": roles.materializers[0].pid},
                    {
                        "store": (engines.clickhouse.pid, _STORE_CAP_BYTES),
                        "broker": (engines.kafka.pid, _BROKER_CAP_BYTES),
                    },
                )
        finally:
            engines.close()


@contextmanager
def embedded() -> Iterator[Bench]:
    """One process with the engine in it: capped, as its merges come and go."""
    with new_world() as world:
        server = world.server()
        assert server.process is not None
        cap = EngineLimits().memory_bytes
        yield Bench(world, server.uri, {}, {"server": (server.process.pid, cap)})


SIZES: Mapping[str, Callable[[], AbstractContextManager[Bench]]] = {
    "cluster": cluster,
    "embedded": embedded,
}


class Trainers:
    """Processes that log flat out until their time is over."""

    def __init__(self, bench: Bench, seconds: float) -> None:
        folder = bench.world.folder
        self._counters = [Counter(folder / f"logged-{n}") for n in range(_TRAINERS)]
        self._identities = [folder / f"run-{n}" for n in range(_TRAINERS)]
        self._processes = [
            bench.world.popen(
                TRAINER, str(folder / f"logged-{n}"), str(identity), str(seconds), uri=bench.uri
            )
            for n, identity in enumerate(self._identities)
        ]

    def points(self) -> int:
        """Logged so far."""
        return sum(counter.value() for counter in self._counters)

    def run_ids(self) -> list[str]:
        return [identity.read_text() for identity in self._identities]

    def are_running(self) -> bool:
        return any(process.poll() is None for process in self._processes)

    def failures(self) -> list[str]:
        """Call it when none runs."""
        return [f"a trainer ended with {p.returncode}" for p in self._processes if p.returncode]

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


class Watch:
    """Samples memory, and says now and then how it goes."""

    def __init__(self, bench: Bench, trainers: Trainers) -> None:
        self._bench = bench
        self._trainers = trainers
        self._pids = {**bench.level, **{name: pid for name, (pid, _) in bench.capped.items()}}
        self._began = time.monotonic()
        self._said = 0.0, 0
        self.samples: dict[str, list[Sample]] = {name: [] for name in (*self._pids, "agent")}

    def sample(self) -> None:
        now = time.monotonic() - self._began
        for name, pid in self._pids.items():
            self.samples[name].append(Sample(now, resident_bytes(pid, "RssAnon")))
        agent = 0
        for pid in self._bench.world.agents():
            with contextlib.suppress(OSError):
                agent += resident_bytes(pid, "RssAnon")
        if agent:
            self.samples["agent"].append(Sample(now, agent))
        if now - self._said[0] >= _LINE_SECONDS:
            self._say(now)

    def _say(self, now: float) -> None:
        before, had = self._said
        points = self._trainers.points()
        self._said = now, points
        rate = (points - had) / (now - before)
        sizes = ", ".join(
            f"{name} {samples[-1].size_bytes / 1024**2:.0f}"
            for name, samples in self.samples.items()
            if samples
        )
        print(
            f"{now:5.0f} s  {points / 1e6:7.1f} M points, {rate:9,.0f}/s; MB: {sizes}", flush=True
        )


def soak(bench: Bench, seconds: float) -> list[Judged]:
    """Every judgement; the first is of the data."""
    trainers = Trainers(bench, seconds)
    try:
        watch = Watch(bench, trainers)
        deadline = time.monotonic() + seconds + _DRAIN_SECONDS
        while trainers.are_running() and time.monotonic() < deadline:
            time.sleep(_SAMPLE_SECONDS)
            watch.sample()
        held = not trainers.are_running()
        faults = trainers.failures() if held else ["a trainer did not end"]
        faults += [fault for run in trainers.run_ids() if (fault := _incomplete(bench, run))]
        rate = trainers.points() / seconds
        text = "; ".join(faults) or f"{trainers.points():,} points, {rate:,.0f}/s, all there"
    finally:
        trainers.close()
    level = [
        judge_level(name, watch.samples[name], _WARM_SECONDS) for name in (*bench.level, "agent")
    ]
    capped = [
        judge_capped(name, watch.samples[name], cap) for name, (_, cap) in bench.capped.items()
    ]
    return [Judged(not faults, text), *level, *capped]


def _incomplete(bench: Bench, run_id: str) -> str:
    """What `runs verify` finds missing; empty: nothing."""
    done = subprocess.run(
        [str(Path(sys.executable).with_name("runstream")), "runs", "verify", run_id],
        env=bench.world.environment(bench.uri),
        cwd=bench.world.folder,
        capture_output=True,
        text=True,
        timeout=_DRAIN_SECONDS,
        check=False,
    )
    return "" if done.returncode == 0 else f"run {run_id}: {done.stdout}{done.stderr}".strip()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--size", choices=SIZES, default="cluster")
    options = parser.parse_args()
    with SIZES[options.size]() as bench:
        judged = soak(bench, options.minutes * 60)
    verdict = "passed" if all(one.holds for one in judged) else "FAILED"
    texts = "; ".join(one.text if one.holds else f"{one.text} (!)" for one in judged)
    print(f"soak {verdict}, {options.size}, {options.minutes:g} min: {texts}")
    return 0 if verdict == "passed" else 1


if __name__ == "__main__":
    raise SystemExit(main())
