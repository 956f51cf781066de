"""A log that was restored from its archive: accepted where it may be, refused where not."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from kafka import KafkaAdminClient

from tests.e2e.harness import eventually
from tests.integration.cluster.wire import Writer, steps_of
from tests.servers.cluster import Cluster, Size
from tests.servers.role_process import RoleProcess


@pytest.fixture
def archiving(cluster: Cluster) -> Iterator[Cluster]:
    """A cluster with an archive in its bucket, over the engines of the other one."""
    folder = cluster.folder / f"restored-{uuid.uuid4().hex[:6]}"
    environment = {**os.environ, "RUNSTREAM_ARCHIVE": "s3:archive"}
    made = Cluster(folder, Size(partitions=2), engines=cluster.engines, environment=environment)
    made.start()
    made.gateway.kill()
    yield made
    made.close()


@pytest.fixture
def admin(cluster: Cluster) -> Iterator[Any]:
    with closing(KafkaAdminClient(bootstrap_servers=cluster.kafka.address)) as client:
        yield client


def written(cluster: Cluster) -> list[Writer]:
    writers = [Writer() for _ in range(6)]
    for writer in writers:
        writer.append(cluster.ingests[0], 1, 2, 3)
    assert_shown(cluster, writers)
    return writers


def assert_shown(cluster: Cluster, writers: list[Writer]) -> None:
    for writer in writers:
        assert steps_of(cluster.queries[0], writer.run_id, writer.position) == writer.steps


def archive(cluster: Cluster) -> None:
    code, output = cluster.command("archive")
    assert code == 0, output


def start(cluster: Cluster) -> None:
    for process in (cluster.ingests[0], cluster.materializers[0], cluster.queries[0]):
        process.start()


def assert_ends(process: RoleProcess, sentence: str) -> None:
    process.spawn()
    eventually(lambda: not process.is_alive())
    assert process.process is not None
    assert process.process.returncode == 1, process.tail()
    assert sentence in process.tail()


def test_a_log_that_moved_takes_its_tables_along(archiving: Cluster, admin: Any) -> None:
    writers = written(archiving)
    archiving.kill()
    archive(archiving)
    old = archiving.name
    code, output = archiving.command("archive", "restore", "--dry-run")
    assert (code, f"{old}.events and {old}.registry holds" in output) == (1, True), output

    archiving.environment["RUNSTREAM_KAFKA_PREFIX"] = f"{old}-moved"
    code, output = archiving.command("archive", "restore")
    assert (code, "The tables go on with it." in output) == (0, True), output
    assert f"{old}-moved.restoring" not in admin.list_topics()

    start(archiving)
    assert_shown(archiving, writers)
    writers[0].append(archiving.ingests[0], 4, 5)
    assert_shown(archiving, writers)
    # Those that are still there of the old deployment do not go on beside it.
    archiving.kill()
    archiving.environment["RUNSTREAM_KAFKA_PREFIX"] = old
    assert_ends(archiving.ingests[0], "as it was restored into other topics")


def test_tables_that_hold_what_was_lost_are_refused(archiving: Cluster, admin: Any) -> None:
    writers = written(archiving)
    archive(archiving)
    before = [list(writer.steps) for writer in writers]
    for writer in writers:
        writer.append(archiving.ingests[0], 7)
    assert_shown(archiving, writers)
    archiving.kill()
    topics = [f"{archiving.name}.events", f"{archiving.name}.registry"]
    admin.delete_topics(topics)
    eventually(lambda: not set(topics) & set(admin.list_topics()))

    code, output = archiving.command("archive", "restore")
    assert (code, "The tables cannot go on: they hold 6 records" in output) == (0, True), output
    # As many records as were lost come in before any table is looked at.
    archiving.ingests[0].start()
    for writer in [Writer() for _ in range(8)]:
        writer.append(archiving.ingests[0], 1)
    for process in (archiving.materializers[0], archiving.queries[0]):
        assert_ends(process, "before it was made again or restored")

    archiving.environment["RUNSTREAM_CLICKHOUSE"] += "_again"
    for process in (archiving.materializers[0], archiving.queries[0]):
        process.start()
    eventually(
        lambda: archiving.materializers[0].metric("runstream_materialized_points_total") >= 26
    )
    for writer, steps in zip(writers, before, strict=True):
        assert steps_of(archiving.queries[0], writer.run_id, None) == steps


def test_nobody_comes_in_before_it_is_whole(archiving: Cluster, admin: Any) -> None:
    written(archiving)
    archiving.kill()
    archive(archiving)
    archiving.environment["RUNSTREAM_KAFKA_PREFIX"] = prefix = f"{archiving.name}-half"
    admin.create_topics({f"{prefix}.restoring": {"num_partitions": 1, "replication_factor": 1}})
    ingest = archiving.ingests[0]
    ingest.spawn()
    eventually(lambda: "the log is being restored" in ingest.tail())
    code, output = archiving.command("doctor")
    assert (code, "the log is being restored" in output) == (1, True), output
    code, output = archiving.command("archive", "restore", "--dry-run")
    assert (code, "lost: they go on" in output) == (0, True), output
    assert [t for t in admin.list_topics() if t.startswith(prefix)] == [f"{prefix}.restoring"]
    code, output = archiving.command("archive", "restore")
    assert (code, "was begun: 0 records" in output) == (0, True), output
    ingest.wait_ready()
