"""A log whose beginning Kafka has deleted: the archive stands for it, in every process."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from kafka import KafkaAdminClient, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType

from tests.e2e.harness import eventually
from tests.integration.cluster.wire import Writer, steps_of
from tests.servers.cluster import Cluster, Size

WEEK_MS = str(7 * 86_400_000)


@pytest.fixture
def archiving(cluster: Cluster) -> Iterator[Cluster]:
    """A cluster with an archive in its bucket, over the engines of the other one."""
    folder = cluster.folder / f"archiving-{uuid.uuid4().hex[:6]}"
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


def delete_all(admin: Any, cluster: Cluster) -> None:
    """Whatever the events topic holds now."""
    ats = [TopicPartition(f"{cluster.name}.events", partition) for partition in range(2)]
    admin.delete_records(dict.fromkeys(ats, -1))


def test_tables_are_rebuilt_from_the_archive(archiving: Cluster, admin: Any) -> None:
    (ingest,), (query,) = archiving.ingests, archiving.queries
    writers = [Writer() for _ in range(6)]
    for writer in writers:
        writer.append(ingest, 1, 2, 3)
    code, output = archiving.command("archive")
    assert (code, "Archived " in output) == (0, True), output
    assert archiving.command("archive") == (0, "There was nothing new to archive.")
    topic = f"{archiving.name}.events"
    configs = {"retention.ms": WEEK_MS}
    admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic, configs)])
    delete_all(admin, archiving)
    for writer in writers[:3]:
        writer.append(ingest, 4)

    code, output = archiving.command("rebuild")
    assert code == 0, output
    assert "are live" in output
    for process in archiving.materializers:
        process.restart()
        eventually(lambda process=process: process.metric("runstream_archive_behind_records"))  # type: ignore[misc]
        assert process.metric("runstream_archive_overdue_records") == 0
    for writer in writers:
        assert steps_of(query, writer.run_id, writer.position) == writer.steps
    code, output = archiving.command("archive", "verify")
    assert (code, "all as they were written" in output) == (0, True), output
    code, output = archiving.command("doctor")
    assert (code, "ok     archive" in output) == (0, True), output


def test_records_that_are_nowhere_stop_every_process(archiving: Cluster, admin: Any) -> None:
    writer = Writer()
    writer.append(archiving.ingests[0], 1)
    assert archiving.command("archive")[0] == 0
    for step in range(4):
        writer.append(archiving.ingests[0], step)
    delete_all(admin, archiving)
    sentence = "were deleted before they were archived"
    for process in (archiving.ingests[0], archiving.materializers[0], archiving.queries[0]):
        process.kill()
        process.spawn()
        eventually(lambda process=process: not process.is_alive())  # type: ignore[misc]
        assert process.process is not None
        assert process.process.returncode == 1, process.tail()
        assert sentence in process.tail()
    code, output = archiving.command("archive")
    assert (code, sentence in output) == (1, True), output
