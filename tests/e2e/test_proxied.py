"""One port and a proxy with a login in front: a real nginx, killed and restarted.

The server listens on 127.0.0.2 and nginx on 127.0.0.1, so that the port of gRPC
which the server names leads nowhere: only HTTP through nginx is reachable.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.harness import (
    FLAT_OUT,
    Counter,
    Server,
    World,
    assert_flat_out_points,
    eventually,
    free_port,
    history,
    new_world,
)
from tests.servers.nginx import Nginx

ENDLESS = "1000000000"
HIDDEN = "127.0.0.2"
KILLS = 4

ARTIFACT = """
import sys
import runstream
client = runstream.MlflowClient()
client.log_text(sys.argv[1], "x" * 300_000, "text.txt")
path = client.download_artifacts(sys.argv[1], "text.txt")
assert open(path).read() == "x" * 300_000
assert client.search_runs(["0"], "tags.kind = 'flat-out'")
try:
    client.get_run("0" * 32)
except runstream.exceptions.MlflowException as error:
    print(error.error_code)
"""


@pytest.fixture
def world(nginx: Path) -> Iterator[World]:
    with new_world() as new:
        new.env["RUNSTREAM_AGENT_IDLE_SECONDS"] = "60"  # it is asked what it knows
        yield new


def proxied(world: World, server: Server, **options: Any) -> Nginx:
    return Nginx(world.folder / "nginx", free_port(), f"{HIDDEN}:{server.port}", **options)


def destinations(world: World, uri: str) -> list[dict[str, Any]]:
    """What `agent status` says of the servers."""
    code = "from runstream.cli.main import main; main()"
    said = json.loads(world.run(code, "agent", "status", "--json", uri=uri))
    found: list[dict[str, Any]] = said["destinations"]
    return found


LOGINS: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "basic": (
        {"users": {"ana": "pass word"}},
        {"MLFLOW_TRACKING_USERNAME": "ana", "MLFLOW_TRACKING_PASSWORD": "pass word"},
    ),
    "bearer": ({"bearer": "gate-7"}, {"RUNSTREAM_TOKEN": "gate-7"}),
}


@pytest.mark.parametrize("login", LOGINS)
def test_every_point_comes_through_a_proxy_that_is_killed(world: World, login: str) -> None:
    options, env = LOGINS[login]
    server = world.server(host=HIDDEN)
    nginx = proxied(world, server, **options).start()
    counter = Counter(world.folder / "counter")
    id_file = world.folder / "run"
    trainer = world.popen(
        FLAT_OUT, str(id_file), str(world.folder / "counter"), ENDLESS, uri=nginx.address, **env
    )
    try:
        run_id = eventually(lambda: id_file.exists() and id_file.read_text())
        rng = random.Random(7)
        for _ in range(KILLS):
            done = counter.value()
            eventually(lambda done=done: counter.value() > done + 20_000)  # type: ignore[misc]
            time.sleep(rng.uniform(0.05, 0.4))
            nginx.restart() if rng.random() < 0.5 else _stop_and_start(nginx)
        trainer.send_signal(signal.SIGKILL)
        trainer.wait()
        world.env.update(env)
        assert_flat_out_points(history(world, nginx.address, run_id), counter.value())
        (there,) = destinations(world, nginx.address)
        assert (there["transport"], there["denied"]) == ("http", False)
        # Files, searches and errors come through as well.
        assert world.run(ARTIFACT, run_id, uri=nginx.address) == "RESOURCE_DOES_NOT_EXIST\n"
    finally:
        nginx.kill()
        counter.close()


def _stop_and_start(nginx: Nginx) -> None:
    nginx.stop()
    nginx.start()


def test_grpc_is_used_again_when_it_becomes_reachable(world: World) -> None:
    server = world.server(host=HIDDEN)
    nginx = proxied(world, server).start()
    world.env["RUNSTREAM_AGENT_GRPC_SECONDS"] = "0.3"
    counter = Counter(world.folder / "counter")
    id_file = world.folder / "run"
    trainer = world.popen(
        FLAT_OUT, str(id_file), str(world.folder / "counter"), ENDLESS, uri=nginx.address
    )
    try:
        run_id = eventually(lambda: id_file.exists() and id_file.read_text())
        eventually(lambda: destinations(world, nginx.address)[0]["transport"] == "http")
        nginx.kill()
        nginx.grpc = (server.grpc_port, f"{HIDDEN}:{server.grpc_port}")
        nginx.start()
        eventually(lambda: destinations(world, nginx.address)[0]["transport"] == "grpc")
        nginx.kill()
        nginx.grpc = None
        nginx.start()
        eventually(lambda: destinations(world, nginx.address)[0]["transport"] == "http")
        os.kill(trainer.pid, signal.SIGKILL)
        trainer.wait()
        assert_flat_out_points(history(world, nginx.address, run_id), counter.value())
    finally:
        nginx.kill()
        counter.close()


def test_a_proxy_that_takes_only_small_requests_is_named(world: World) -> None:
    server = world.server(host=HIDDEN)
    nginx = proxied(world, server, body="100k").start()
    try:
        code = "import runstream as r\nr.start_run()\nfor i in range(90_000): r.log_metric('x', i)"
        world.run(code, uri=nginx.address)
        eventually(
            lambda: "client_max_body_size" in destinations(world, nginx.address)[0]["last_error"]
        )
        nginx.kill()
        nginx.body = "8m"
        nginx.start()
        world.run(
            "from runstream.cli.main import main; main()", "agent", "drain", uri=nginx.address
        )
    finally:
        nginx.kill()
