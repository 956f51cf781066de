"""A container that is killed with its agent; whoever has its spool's volume sends the rest.

What the epilog of a batch system, the sidecar and the DaemonSet in deploy/ rely on.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.harness import (
    FLAT_OUT,
    Counter,
    World,
    assert_flat_out_points,
    eventually,
    free_port,
    history,
    new_world,
)

# A process space of its own: its first process dies, and all die.
CONTAINER = (
    "unshare",
    "--user",
    "--map-root-user",
    "--pid",
    "--fork",
    "--kill-child",
    "--mount-proc",
)


def containers_work() -> bool:
    return subprocess.run([*CONTAINER, "true"], capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(
    not containers_work(), reason="no user namespaces here: no container can be made"
)


@pytest.fixture
def world() -> Iterator[World]:
    with new_world(memory_spool=False) as new:
        yield new


def drain(world: World, *, seconds: int) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).with_name("runstream"))
    return subprocess.run(
        [program, "agent", "drain", "--timeout", str(seconds)],
        env=world.env,
        capture_output=True,
        text=True,
        check=False,
    )


def logged_until_killed(world: World, uri: str) -> tuple[int, str]:
    """How many calls returned in the container before it was killed, and the run."""
    counter, run_file = Counter(world.folder / "counter"), world.folder / "run"
    code = [
        sys.executable,
        "-c",
        FLAT_OUT,
        str(run_file),
        str(world.folder / "counter"),
        "10000000",
    ]
    container = subprocess.Popen(
        [*CONTAINER, *code],
        env=world.environment(uri),
        cwd=world.folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: counter.value() > 50_000)
    finally:
        os.kill(container.pid, signal.SIGKILL)
        container.wait()
    eventually(lambda: not world.agents())
    returned = counter.value()
    counter.close()
    return returned, run_file.read_text()


def test_what_a_killed_container_left_is_sent_from_outside(world: World) -> None:
    # Nobody listens there while the container lives: all of it is left.
    port = free_port()
    returned, run_id = logged_until_killed(world, f"http://127.0.0.1:{port}")
    server = world.server("data", start=False)
    server.port = port
    server.start()

    done = drain(world, seconds=80)

    assert done.returncode == 0, done.stdout + done.stderr
    points = history(world, server.uri, run_id)
    assert_flat_out_points(points, returned)
