"""A log that is not the one it was stops every process with a sentence; nothing is folded."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition

from runstream_server.store.address import parse_address
from runstream_server.store.open import open_store
from tests.e2e.harness import eventually
from tests.integration.cluster.wire import Writer, steps_of
from tests.servers.cluster import Cluster, Size


class Deployment:
    """A cluster of its own over the engines of the other one; its gateway is not asked."""

    def __init__(self, cluster: Cluster) -> None:
        folder = cluster.folder / f"replaced-{uuid.uuid4().hex[:6]}"
        self.cluster = Cluster(folder, Size(partitions=2), engines=cluster.engines).start()
        self.cluster.gateway.kill()
        self.prefix = self.cluster.name
        self.topic = f"{self.prefix}.events"
        self.broker = cluster.kafka.address
        self.url = self.cluster.environment["RUNSTREAM_CLICKHOUSE"]
        roles = (self.cluster.ingests, self.cluster.materializers, self.cluster.queries)
        self.roles = {processes[0].role: processes[0] for processes in roles}
        self.writer = Writer()
        self.writer.append(self.roles["ingest"], 1, 2)
        assert self.shown() == [1, 2]

    def shown(self) -> list[int]:
        return steps_of(self.roles["query"], self.writer.run_id, self.writer.position)

    def assert_all_end(self, sentence: str) -> None:
        """Each by itself, with exit status 1 and the sentence."""
        for process in self.roles.values():
            eventually(lambda process=process: not process.is_alive())  # type: ignore[misc]
            assert process.process is not None
            assert process.process.returncode == 1, process.tail()
            assert sentence in process.tail()

    def kill(self) -> None:
        self.cluster.kill()

    def ends(self) -> dict[int, int]:
        """Where the partitions of the log end."""
        ats = [TopicPartition(self.topic, partition) for partition in range(2)]
        with contextlib.closing(KafkaConsumer(bootstrap_servers=self.broker)) as consumer:
            return {at.partition: end for at, end in consumer.end_offsets(ats).items()}

    def points(self) -> int:
        store = open_store(parse_address(self.url))
        try:
            count: int = store.scalar("SELECT count() FROM points")
        finally:
            store.close()
        return count


@pytest.fixture
def deployment(cluster: Cluster) -> Iterator[Deployment]:
    made = Deployment(cluster)
    yield made
    made.kill()


@pytest.fixture
def admin(cluster: Cluster) -> Iterator[Any]:
    with contextlib.closing(KafkaAdminClient(bootstrap_servers=cluster.kafka.address)) as client:
        yield client


def recreate(admin: Any, deployment: Deployment) -> None:
    topics = [deployment.topic, f"{deployment.prefix}.registry"]
    admin.delete_topics(topics)
    eventually(lambda: not set(topics) & set(admin.list_topics()))


def test_more_partitions(admin: Any, deployment: Deployment) -> None:
    admin.create_partitions({deployment.topic: 5})
    deployment.assert_all_end("has 5 partitions and was made with 2")
    for process in deployment.roles.values():
        process.spawn()
    deployment.assert_all_end("partitions")
    assert deployment.points() == 2


def test_topics_that_were_deleted(admin: Any, deployment: Deployment) -> None:
    recreate(admin, deployment)
    deployment.assert_all_end("is gone")


def test_another_log_under_the_same_tables(admin: Any, deployment: Deployment) -> None:
    deployment.kill()
    recreate(admin, deployment)
    ingest, materialize, query = deployment.roles.values()
    ingest.start()
    Writer().append(ingest, 5, 6, 7)
    for process in (materialize, query):
        process.spawn()
        eventually(lambda process=process: not process.is_alive())  # type: ignore[misc]
        assert process.process is not None
        assert process.process.returncode == 1
        assert "were folded from log" in process.tail()
    assert deployment.points() == 2


def test_a_log_that_lost_its_end(cluster: Cluster, deployment: Deployment) -> None:
    """What the broker had acknowledged is not on its disk any more."""
    for process in deployment.roles.values():
        assert process.metric("runstream_log_records") > 0  # it has seen where the log ends
    cluster.kafka.kill()
    for partition in (cluster.kafka.folder / "data").glob(f"{deployment.topic}-*"):
        for file in partition.glob("0*"):
            file.unlink()
        (partition / "leader-epoch-checkpoint").unlink()
    cluster.kafka.start()
    deployment.assert_all_end("lost records")
    assert deployment.points() == 2


def test_a_log_that_lost_what_was_not_folded(admin: Any, deployment: Deployment) -> None:
    materialize = deployment.roles["materialize"]
    materialize.kill()
    writers = [Writer() for _ in range(8)]
    for writer in writers:
        for step in range(3):
            writer.append(deployment.roles["ingest"], step)
    # All but the last record of each partition: what comes next is not there.
    admin.delete_records(
        {TopicPartition(deployment.topic, at): end - 1 for at, end in deployment.ends().items()}
    )
    materialize.spawn()
    eventually(lambda: not materialize.is_alive())
    assert materialize.process is not None
    assert materialize.process.returncode == 1
    assert "does not have the offset that comes next" in materialize.tail()
    assert deployment.points() == 2
