"""What `agent status` shows. Main thread only."""

from __future__ import annotations

import os
import time
from importlib import metadata
from typing import TYPE_CHECKING

from runstream.agent.process import ProcessDrain
from runstream.v1 import spool_pb2

if TYPE_CHECKING:
    from runstream.agent.agent import Agent


def status(agent: Agent) -> spool_pb2.AgentStatus:
    """Everything about the agent, as it is now."""
    return spool_pb2.AgentStatus(
        pid=os.getpid(),
        version=version(),
        scope_folder=str(agent.folders.disk),
        started_ms=agent.started_ms,
        processes=[_process(process) for process in agent.processes()],
        destinations=[
            spool_pb2.DestinationStatus(
                tracking_uri=uri,
                connected=destination.connected,
                last_error=destination.health.last_error,
                last_error_ms=destination.health.last_error_ms,
                last_accepted_ms=destination.health.last_accepted_ms,
                transport=destination.transport,
                denied=bool(destination.denial.why),
            )
            for uri, destination in agent.destinations.items()
        ],
    )


def version() -> str:
    """The version of the installed distribution."""
    try:
        return metadata.version("runstream")
    except metadata.PackageNotFoundError:
        return "unknown"


def _process(process: ProcessDrain) -> spool_pb2.ProcessStatus:
    visible, accepted = process.visible(), process.accepted()
    waited = process.waiting_seconds(time.monotonic())
    return spool_pb2.ProcessStatus(
        pid=process.reader.meta.pid,
        producer_id=process.reader.meta.producer_id,
        alive=not process.dead,
        cells_spooled=visible.cells,
        cells_accepted=accepted.cells,
        event_bytes_spooled=visible.event_bytes,
        event_bytes_accepted=accepted.event_bytes,
        artifacts_pending=len(process.ledger.book.artifacts),
        refused=process.refusals.count,
        oldest_pending_ms=int(waited * 1000),
        held=process.held,
        runs=[
            spool_pb2.RunBacklog(
                run_id=stream.run_id, tracking_uri=stream.tracking_uri, points_accepted=state.points
            )
            for stream, state in process.ledger.streams.items()
        ],
    )
