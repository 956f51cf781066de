"""The topics and the tables of a cluster are lost: both come back from the archive."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from kafka import KafkaAdminClient

from runstream_server.store.address import parse_address
from runstream_server.store.engine import Store
from runstream_server.store.generations import live_generation
from runstream_server.store.open import open_store
from runstream_server.store.schema.tables import TABLES
from tests.e2e.harness import ClusterServer, World, eventually, new_world
from tests.servers.cluster import Cluster, Engines

WRITE = """
import json, sys
import runstream
runstream.set_experiment("restored")
found = []
for number in range(int(sys.argv[1])):
    with runstream.start_run() as run:
        runstream.log_params({"lr": 0.1 * number, "kind": f"k{number}"})
        runstream.set_tags({"round": str(number), "last": "no"})
        runstream.set_tag("last", "yes")
        for step in range(500):
            runstream.log_metric("loss", step * 0.5 - number, step=step)
        runstream.log_text(f"report {number}", "report.txt")
    found.append(run.info.run_id)
runstream.flush(level="accepted")
print(json.dumps(found))
"""

READ = """
import json, pathlib, sys
import runstream
client = runstream.MlflowClient()
found = {}
for run_id in json.loads(sys.argv[1]):
    run = client.get_run(run_id)
    points = client.get_metric_history(run_id, "loss")
    found[run_id] = [
        run.info.status, run.info.run_name, run.data.params, run.data.tags, run.data.metrics,
        [[p.step, p.value, p.timestamp] for p in points],
        pathlib.Path(client.download_artifacts(run_id, "report.txt")).read_text(),
    ]
print(json.dumps(found, sort_keys=True))
"""


@pytest.fixture
def world(engines: Engines) -> Iterator[World]:
    with new_world(engines=engines) as made:
        made.env["RUNSTREAM_ARCHIVE"] = "s3:archive"
        yield made


def opened(cluster: Cluster) -> Store:
    return open_store(parse_address(cluster.environment["RUNSTREAM_CLICKHOUSE"]))


def rows(cluster: Cluster) -> dict[str, list[str]]:
    """Every row of every table, merged."""
    with contextlib.closing(opened(cluster)) as store:
        names = {table.name: table.full_name(live_generation(store)) for table in TABLES}
        return {
            table: sorted(map(repr, store.rows(f"SELECT * FROM {name} FINAL")))
            for table, name in names.items()
        }


def settled_rows(cluster: Cluster) -> dict[str, list[str]]:
    """When the tables hold all that the log does."""
    materialize = cluster.materializers[0]
    eventually(lambda: materialize.metric("runstream_materialize_behind_records") == 0)
    return rows(cluster)


def lose(cluster: Cluster) -> None:
    """The topics and the tables are gone, and every process with them."""
    cluster.kill()
    topics = {f"{cluster.name}.events", f"{cluster.name}.registry"}
    with contextlib.closing(KafkaAdminClient(bootstrap_servers=cluster.kafka.address)) as admin:
        admin.delete_topics(list(topics))
        eventually(lambda: not topics & set(admin.list_topics()))
    with contextlib.closing(opened(cluster)) as store:
        store.command(f"DROP DATABASE {cluster.name} SYNC")


def kill_a_restore(cluster: Cluster) -> None:
    """At some moment after it has begun."""
    process = subprocess.Popen(
        [sys.executable, "-m", "runstream_server", "archive", "restore"],
        env=cluster.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if b"is lost" in line:
            break
    process.kill()
    process.stdout.close()
    process.wait()


def test_everything_that_was_archived_comes_back(world: World) -> None:
    server = world.server()
    assert isinstance(server, ClusterServer)
    cluster = server.cluster
    run_ids = json.loads(world.run(WRITE, "4", uri=server.uri))
    before = world.run(READ, json.dumps(run_ids), uri=server.uri)
    # They close for processes that have ended, and leave when all is sent.
    eventually(lambda: not world.agents())
    tables = settled_rows(cluster)
    code, output = cluster.command("archive")
    assert code == 0, output
    (late,) = json.loads(world.run(WRITE, "1", uri=server.uri))
    lose(cluster)
    for pid in world.agents():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    kill_a_restore(cluster)
    code, output = cluster.command("archive", "restore")
    assert code == 0, output
    assert "Restored " in output
    cluster.start()

    assert world.run(READ, json.dumps(run_ids), uri=server.uri) == before
    assert settled_rows(cluster) == tables
    # It came after the archive's end, and the commands said so.
    assert "Whatever came after the archive's end is lost." in output
    with contextlib.closing(opened(cluster)) as store:
        shown = {row[0].hex for row in store.rows("SELECT run_id FROM runs")}
    assert shown == set(run_ids)
    assert late not in shown
    # And it goes on.
    (after,) = json.loads(world.run(WRITE, "1", uri=server.uri))
    assert json.loads(world.run(READ, json.dumps([after]), uri=server.uri))[after][0] == "FINISHED"
