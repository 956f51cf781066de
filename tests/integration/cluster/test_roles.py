"""What crosses processes: writes at one, reads at another, claims, ends."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from runstream.v1 import ingest_pb2 as ingest
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.errors import ServiceError
from runstream_server.rpc.client import RpcClient
from tests.e2e.harness import eventually
from tests.integration.cluster.wire import Writer, ctx, steps_of
from tests.servers.cluster import Cluster
from tests.servers.role_process import RoleProcess


def well_known(role: RoleProcess) -> dict[str, Any]:
    with role.open("/.well-known/runstream") as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found


def test_what_one_ingest_accepted_every_query_shows(cluster: Cluster) -> None:
    writer = Writer()
    for step in range(30):
        writer.append(cluster.ingests[step % 2], step)
        assert steps_of(cluster.queries[step % 2], writer.run_id, writer.position) == writer.steps


def test_the_gateway_passes_calls_on(cluster: Cluster) -> None:
    writer = Writer()
    writer.append(cluster.gateway, 1, 2)
    assert steps_of(cluster.gateway, writer.run_id, writer.position) == [1, 2]


def test_the_gateway_says_where_to_go(cluster: Cluster) -> None:
    said = well_known(cluster.gateway)
    assert said["product"] == "runstream"
    assert said["grpc_port"] == cluster.gateway.grpc_port
    assert said["ingest_addresses"] == [one.grpc_address for one in cluster.ingests]
    assert said["query_addresses"] == [one.grpc_address for one in cluster.queries]
    client = RpcClient([cluster.queries[0].grpc_address])
    info = client.query.get_server_info(tracking.GetServerInfoRequest(), ctx())
    client.close()
    assert said["log_id"] == info.log_id
    assert info.partitions == cluster.size.partitions


def test_one_name_claimed_everywhere_at_once_is_one_experiment(cluster: Cluster) -> None:
    clients = [RpcClient([one.grpc_address]) for one in cluster.ingests]

    def ensure(number: int) -> str:
        request = ingest.EnsureExperimentRequest(name="wanted by all")
        answer = clients[number % 2].ingest.ensure_experiment(request, ctx())
        return answer.experiment.experiment_id

    def create(number: int) -> str:
        claim = number.to_bytes(16, "big")
        request = ingest.CreateExperimentRequest(claim_id=claim, name="created by all")
        try:
            answer = clients[number % 2].ingest.create_experiment(request, ctx())
        except ServiceError as error:
            return error.error_code
        return answer.experiment.experiment_id

    with ThreadPoolExecutor(50) as many:
        ensured = list(many.map(ensure, range(50)))
        made = list(many.map(create, range(50)))
    for client in clients:
        client.close()
    assert len(set(ensured)) == 1
    winners = [answer for answer in made if answer != "RESOURCE_ALREADY_EXISTS"]
    assert len(winners) == 1, made


def test_a_read_whose_time_passes_is_told_the_lag(cluster: Cluster) -> None:
    for one in cluster.materializers:
        one.pause()
    try:
        writer = Writer()
        writer.append(cluster.ingests[0], 1)
        with pytest.raises(ServiceError, match=r"behind by 1 records of events/\d") as late:
            steps_of(cluster.queries[0], writer.run_id, writer.position, seconds=1.0)
    finally:
        for one in cluster.materializers:
            one.resume()
    assert late.value.error_code == "TEMPORARILY_UNAVAILABLE"
    assert steps_of(cluster.queries[0], writer.run_id, writer.position) == [1]


def test_the_partitions_are_shared_and_measured(cluster: Cluster) -> None:
    def shares() -> list[float]:
        return [one.metric("runstream_materialize_partitions") for one in cluster.materializers]

    # Who of them holds how many is the group's affair, and changes.
    eventually(lambda: sum(shares()) == cluster.size.partitions + 1)
    writer = Writer()
    writer.append(cluster.ingests[0], *range(100))
    assert steps_of(cluster.queries[1], writer.run_id, writer.position) == writer.steps
    points = sum(one.metric("runstream_materialized_points_total") for one in cluster.materializers)
    assert points >= 100
    eventually(
        lambda: all(
            one.metric("runstream_materialize_behind_records") == 0 for one in cluster.materializers
        )
    )


@pytest.mark.parametrize("role", ["ingests", "materializers", "queries"])
def test_killed_processes_leave_their_work_to_others(cluster: Cluster, role: str) -> None:
    killed: RoleProcess = getattr(cluster, role)[0]
    killed.kill()
    writer = Writer()
    for step in range(5):
        writer.append(cluster.gateway, step)
        assert steps_of(cluster.gateway, writer.run_id, writer.position) == writer.steps
    killed.start()


def test_a_stopped_process_ends_well(cluster: Cluster) -> None:
    for process in cluster.roles:
        assert process.stop() == 0, process.tail()
        assert f"{process.role}: stopped" in process.tail()
        process.spawn()
    for process in cluster.roles:
        process.wait_ready()
