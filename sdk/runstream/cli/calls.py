"""Calls without a counterpart in MLflow's client: verification, and the agent of this machine."""

from __future__ import annotations

from runstream._access import announce
from runstream._agent_calls import ask, unary
from runstream._flush import flush_uri
from runstream._process import this_process
from runstream.v1 import spool_pb2, tracking_pb2

STATUS_SECONDS = 10.0
FLUSH_SECONDS = 600.0


class Calls:
    """Asks the agent, which asks the server at `uri` where that is needed.

    Every method raises MlflowException: the server's own, or
    TEMPORARILY_UNAVAILABLE when nobody answers.
    """

    def __init__(self, uri: str) -> None:
        self._uri = uri

    def verify_run(self, run_id: str) -> tracking_pb2.VerifyRunResponse:
        """Whether all is there that was logged to a run."""
        request = tracking_pb2.VerifyRunRequest(run_id=run_id)
        return unary(self._uri, "Query/VerifyRun", request, tracking_pb2.VerifyRunResponse)

    def agent_status(self) -> spool_pb2.AgentStatus:
        """What the agent has in hand. Starts one when none is there."""
        announce(this_process(), self._uri)
        request = spool_pb2.AgentRequest(status=spool_pb2.AgentStatusRequest())
        return ask(request, STATUS_SECONDS).status

    def drain(self, timeout_seconds: float) -> list[str]:
        """Send all there is on this machine; returns what was refused for good, a sentence each."""
        announce(this_process(), self._uri)
        drain = spool_pb2.AgentDrain(timeout_ms=int(timeout_seconds * 1000))
        return list(ask(spool_pb2.AgentRequest(drain=drain), timeout_seconds).refusals)

    def flush(self) -> None:
        """Return when what this process logged is accepted. Raises what was refused."""
        flush_uri(self._uri, "accepted", FLUSH_SECONDS)
