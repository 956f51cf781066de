"""Calls that need the server: carried by the agent, answered here as exceptions.

code of the answer    what is raised
0                     nothing
any, from a server    RestException with the server's code and message
no agent, no answer   MlflowException TEMPORARILY_UNAVAILABLE
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

from runstream import error_codes as codes
from runstream._access import announce
from runstream._config import config
from runstream._messages import spool_pb2
from runstream._process import this_process
from runstream.exceptions import MlflowException, RestException

if TYPE_CHECKING:
    from google.protobuf.message import Message

# Hears how far a long request is.
OnProgress = Callable[["spool_pb2.AgentProgress"], None]
Answer = TypeVar("Answer", bound="Message")

# The agent answers by its own deadline; the socket waits a little longer.
_GRACE_SECONDS = 2.0


class Asked(Protocol):
    """Who answers requests: the agent's client, or a stand-in."""

    def call(
        self,
        request: spool_pb2.AgentRequest,
        timeout: float,
        on_progress: OnProgress | None = None,
    ) -> spool_pb2.AgentResponse: ...


def unary(
    uri: str,
    method: str,
    request: Message,
    answer: type[Answer],
    timeout_seconds: float | None = None,
) -> Answer:
    """One call of `service/Method`, after all that was spooled before it.

    timeout_seconds: not given, the time a read may take.
    """
    seconds = config().read_timeout_seconds if timeout_seconds is None else timeout_seconds
    call = spool_pb2.AgentCall(
        tracking_uri=uri,
        method=f"/runstream.v1.{method}",
        request=request.SerializeToString(),
        timeout_ms=max(1, int(seconds * 1000)),
        read_your_writes=True,
    )
    response = ask(spool_pb2.AgentRequest(call=call), seconds)
    return answer.FromString(response.response)


def ask(
    request: spool_pb2.AgentRequest,
    timeout_seconds: float,
    on_progress: OnProgress | None = None,
) -> spool_pb2.AgentResponse:
    """The agent's answer to one request. Raises what is wrong with it."""
    if config().mode == "offline":
        raise MlflowException(
            "RUNSTREAM_MODE is offline: no server is asked.", codes.TEMPORARILY_UNAVAILABLE
        )
    from runstream.agent.client import AgentUnavailable

    _announce(request)
    try:
        agent = this_process().agent()
        response = agent.call(request, timeout_seconds + _GRACE_SECONDS, on_progress)
    except AgentUnavailable as error:
        raise MlflowException(
            f"{error}. What was logged is in the spool.", codes.TEMPORARILY_UNAVAILABLE
        ) from error
    if response.code:
        raise error_of(response)
    return response


def _announce(request: spool_pb2.AgentRequest) -> None:
    """See that the agent can come in where the request leads."""
    kind = request.WhichOneof("kind")
    uri = getattr(getattr(request, kind), "tracking_uri", "") if kind else ""
    if uri and not config().disabled:
        announce(this_process(), uri)


def error_of(response: spool_pb2.AgentResponse) -> MlflowException:
    """The exception for an answer that is an error."""
    code = response.error_code or codes.FROM_GRPC.get(response.code, codes.INTERNAL_ERROR)
    return RestException({"error_code": code, "message": response.message})


def is_away(error: MlflowException) -> bool:
    """Whether nobody answered: no verdict, for or against."""
    return error.error_code in {codes.TEMPORARILY_UNAVAILABLE, codes.DEADLINE_EXCEEDED}
