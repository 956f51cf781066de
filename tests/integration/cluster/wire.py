"""Clients that speak the protocol to one process of a cluster."""

from __future__ import annotations

import time

from runstream.v1 import ingest_pb2 as ingest
from runstream.v1 import tracking_pb2 as tracking
from runstream_server.rpc.client import RpcClient
from runstream_server.service import CallContext
from tests.integration.server_process import batch, created, new_run_id, point
from tests.servers.role_process import RoleProcess

PATIENCE_SECONDS = 60.0


def ctx(
    position: tracking.Position | None = None, seconds: float = PATIENCE_SECONDS
) -> CallContext:
    return CallContext(position, time.monotonic() + seconds)


class Writer:
    """A run, and a producer that appends points to it through whichever ingest."""

    def __init__(self) -> None:
        self.run_id = new_run_id()
        self.steps: list[int] = []
        self.position = tracking.Position()
        self._seq = 0

    def append(self, to: RoleProcess, *steps: int) -> ingest.AppendResponse:
        self._seq += 1
        events = [point(step) for step in steps]
        if self._seq == 1:
            events.insert(0, created())
        client = RpcClient([to.grpc_address])
        answer = client.ingest.append(batch(self.run_id, self._seq, *events), ctx())
        client.close()
        self.steps += steps
        self.position = answer.position
        return answer


def steps_of(
    at: RoleProcess, run_id: str, position: tracking.Position | None, seconds: float = 60.0
) -> list[int]:
    """The steps of a run's loss as that process answers."""
    client = RpcClient([at.grpc_address])
    request = tracking.GetMetricHistoryRequest(run_id=run_id, key="loss")
    try:
        answer = client.query.get_metric_history(request, ctx(position, seconds))
    finally:
        client.close()
    return list(memoryview(answer.step).cast("q"))
