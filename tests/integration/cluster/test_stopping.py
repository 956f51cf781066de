"""SIGTERM ends every role and command within seconds, whatever it waits for."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from runstream_server.store.address import StoreAddress, parse_address
from runstream_server.store.lock import migration_lock
from runstream_server.store.open import open_store
from tests.e2e.harness import eventually
from tests.integration.cluster.wire import Writer, steps_of
from tests.servers.cluster import Cluster, Size
from tests.servers.ports import answers
from tests.servers.role_process import RoleProcess

# What a process gives itself, and as much again for a machine that does other things too.
_END_SECONDS = 25.0
_RUNSTREAM = Path(sys.executable).with_name("runstream")
_COMMANDS = (("archive", "--follow"), ("rebuild",), ("migrate",))


@pytest.fixture
def own(cluster: Cluster) -> Iterator[Cluster]:
    """Roles of its own over the engines of the other one."""
    folder = cluster.folder / f"stopping-{uuid.uuid4().hex[:6]}"
    environment = {"RUNSTREAM_ARCHIVE": str(folder / "archive")}
    made = Cluster(folder, Size(partitions=2), engines=cluster.engines)
    made.environment.update(environment)
    yield made.start()
    made.kill()


@contextlib.contextmanager
def standing_still(cluster: Cluster) -> Iterator[None]:
    """Kafka and ClickHouse hold their connections and say nothing."""
    cluster.kafka.pause()
    cluster.clickhouse.pause()
    try:
        yield
    finally:
        cluster.clickhouse.resume()
        cluster.kafka.resume()


def ended(processes: Sequence[subprocess.Popen[bytes]]) -> list[int]:
    """The exit statuses, after SIGTERM to all at once."""
    for process in processes:
        process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + _END_SECONDS
    return [process.wait(max(deadline - time.monotonic(), 0.0)) for process in processes]


def processes_of(roles: Sequence[RoleProcess]) -> list[subprocess.Popen[bytes]]:
    return [role.process for role in roles if role.process is not None]


def spawned(roles: Sequence[RoleProcess]) -> None:
    """They listen, and wait for what they need since a moment."""
    for role in roles:
        role.spawn()
    eventually(lambda: all(answers("127.0.0.1", role.port) for role in roles))
    time.sleep(2.0)


@contextlib.contextmanager
def commands(cluster: Cluster) -> Iterator[list[subprocess.Popen[bytes]]]:
    with (cluster.folder / "commands.log").open("ab") as log:
        started = [
            subprocess.Popen(
                [str(_RUNSTREAM), *words],
                env=cluster.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
            for words in _COMMANDS
        ]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


def said(cluster: Cluster) -> str:
    return "\n".join(
        path.read_text(errors="replace")[-1500:] for path in sorted(cluster.folder.glob("*.log"))
    )


def in_background(work: object, *arguments: object) -> None:
    def run() -> None:
        with contextlib.suppress(Exception):  # The process that is asked goes away.
            work(*arguments)  # type: ignore[operator]

    threading.Thread(target=run, daemon=True).start()


def test_with_work_in_hand_that_nobody_answers(own: Cluster) -> None:
    writer = Writer()
    writer.append(own.ingests[0], 1, 2)
    assert steps_of(own.queries[0], writer.run_id, writer.position) == [1, 2]
    with standing_still(own):
        in_background(writer.append, own.ingests[0], 3)
        in_background(steps_of, own.queries[0], writer.run_id, writer.position)
        time.sleep(1.0)
        assert ended(processes_of(own.roles)) == [0, 0, 0, 0], said(own)


def test_at_the_start_while_nobody_answers(own: Cluster) -> None:
    own.kill()
    with standing_still(own), commands(own) as started:
        spawned(own.roles)
        assert ended(processes_of(own.roles)) == [0, 0, 0, 0], said(own)
        # One that had not begun yet is ended by the signal itself.
        assert set(ended(started)) <= {1, -signal.SIGTERM}, said(own)


def test_while_another_process_changes_the_tables(own: Cluster) -> None:
    own.kill()
    url = f"{own.clickhouse.url}/{own.name}_locked"
    own.environment["RUNSTREAM_CLICKHOUSE"] = url
    address: StoreAddress = parse_address(url)
    waiting = [own.materializers[0], own.queries[0]]
    store = open_store(address)
    with contextlib.closing(store), migration_lock(store):
        store.command("DROP TABLE meta SYNC")
        spawned(waiting)
        assert not any(role.is_ready() for role in waiting), said(own)
        assert ended(processes_of(waiting)) == [0, 0], said(own)


def test_when_everything_is_well(own: Cluster) -> None:
    with commands(own) as started:
        archive = started[0]
        eventually(lambda: "rchive" in (own.folder / "commands.log").read_text())
        assert ended([archive]) == [0], said(own)
    assert ended(processes_of(own.roles)) == [0, 0, 0, 0]
    for role in own.roles:
        assert f"{role.role}: stopped" in role.tail()
