"""kill -9 of the trainer, the agent and the server while a trainer logs flat out.

After each round every point whose log call returned must be there, once, with
its value; nothing but the one call in flight may be there besides.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.e2e.harness import (
    FLAT_OUT,
    Counter,
    Server,
    World,
    assert_flat_out_points,
    eventually,
    history,
    new_world,
)
from tests.servers.cluster import Engines

TRAINER_KILLS = 30
SERVICE_KILLS = 30
ENDLESS = "1000000000"


@pytest.fixture
def world(size: Engines | None) -> Iterator[World]:
    with new_world(engines=size) as new:
        yield new


def _rounds(world: World, many: int) -> int:
    """A cluster takes some ten times as long to come back."""
    return many if world.engines is None else max(many // 8, 1)


def _has_begun(counter: Counter) -> bool:
    return counter.value() > 0


def _run_id(path: Path) -> str:
    return eventually(lambda: path.exists() and path.read_text())


def test_killed_trainers_lose_no_point(world: World) -> None:
    server = world.server()
    rng = random.Random(11)
    rounds: list[tuple[str, int]] = []
    for number in range(_rounds(world, TRAINER_KILLS)):
        counter = Counter(world.folder / f"counter-{number}")
        id_file = world.folder / f"run-{number}"
        trainer = world.popen(
            FLAT_OUT, str(id_file), str(world.folder / f"counter-{number}"), ENDLESS, uri=server.uri
        )
        run_id = _run_id(id_file)
        eventually(partial(_has_begun, counter))
        time.sleep(rng.uniform(0.0, 0.08))
        trainer.kill()
        trainer.wait()
        rounds.append((run_id, counter.value()))
        counter.close()
    for run_id, returned in rounds:
        assert_flat_out_points(history(world, server.uri, run_id), returned)
        status = world.run(STATUS, run_id, uri=server.uri).strip()
        assert status == "KILLED True True", status


STATUS = """
import sys
import runstream
from runstream.tracking import MlflowClient
import json
run = MlflowClient().get_run(sys.argv[1])
tags = run.data.tags
print(run.info.status, "runstream.end_reason" in tags, run.info.end_time is not None)
"""


def _paced(rate: int) -> str:
    """The flat-out trainer, held at a rate so that kills meet it at work."""
    pace = f"        if i % {rate // 50} == 0: time.sleep(0.02)\n"
    return FLAT_OUT.replace("import mmap, sys", "import mmap, sys, time") + pace


def _logs_through(world: World, server: Server, rate: int, kill: Callable[[], None]) -> None:
    """A trainer logs on while `kill` is done again and again; then every point is compared."""
    counter, id_file = Counter(world.folder / "counter"), world.folder / "run"
    trainer = world.popen(
        _paced(rate), str(id_file), str(world.folder / "counter"), ENDLESS, uri=server.uri
    )
    run_id = _run_id(id_file)
    for _ in range(_rounds(world, SERVICE_KILLS)):
        before = counter.value()
        kill()
        assert trainer.poll() is None
        eventually(lambda before=before: counter.value() > before)  # type: ignore[misc]
    trainer.kill()
    trainer.wait()
    assert_flat_out_points(history(world, server.uri, run_id), counter.value())
    counter.close()


def test_killed_agents_lose_and_double_nothing(world: World) -> None:
    server, rng = world.server(), random.Random(12)

    def kill() -> None:
        time.sleep(rng.uniform(0.05, 0.4))
        # Of guard and worker, one may have gone since it was seen.
        with contextlib.suppress(ProcessLookupError):
            os.kill(rng.choice(eventually(world.agents)), signal.SIGKILL)

    _logs_through(world, server, 100_000, kill)


def test_killed_servers_lose_and_double_nothing(world: World) -> None:
    server, rng = world.server(), random.Random(13)

    def kill() -> None:
        time.sleep(rng.uniform(0.0, 0.6))
        server.kill()
        server.start()

    _logs_through(world, server, 50_000, kill)


def test_a_killed_agent_is_replaced_though_nobody_logs(world: World) -> None:
    server = world.server(start=False)
    code = """
import sys, time
import runstream
run = runstream.start_run()
for i in range(1000):
    runstream.log_metric("loss", i * 0.5 - 7.0, step=i)
with open(sys.argv[1], "w") as file:
    file.write(run.info.run_id)
time.sleep(600)
"""
    trainer = world.popen(code, str(world.folder / "run"), uri=server.uri)
    run_id = _run_id(world.folder / "run")
    before = set(eventually(lambda: len(world.agents()) >= 2 and world.agents()))
    worker = max(before)
    os.kill(worker, signal.SIGKILL)
    eventually(lambda: set(world.agents()) - before)
    server.start()
    assert_flat_out_points(history(world, server.uri, run_id), 1000)
    trainer.kill()
    trainer.wait()


def test_a_run_outlives_its_server_from_start_to_end(world: World) -> None:
    server = world.server(start=False)
    counter = Counter(world.folder / "counter")
    started = time.monotonic()
    world.run(
        FLAT_OUT, str(world.folder / "run"), str(world.folder / "counter"), "50000", uri=server.uri
    )
    took = time.monotonic() - started
    run_id = (world.folder / "run").read_text()
    assert counter.value() == 50_000
    assert took < 30, "the trainer waited for a server that is away"
    server.start()
    assert_flat_out_points(history(world, server.uri, run_id), 50_000)
    counter.close()
