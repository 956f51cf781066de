"""Waiting until what was logged has arrived."""

from __future__ import annotations

import time
from typing import TypeVar

from runstream import _wire
from runstream import error_codes as codes
from runstream._agent_calls import ask
from runstream._config import config
from runstream._messages import spool_pb2
from runstream._notices import warn_once
from runstream._process import this_process
from runstream._progress import told
from runstream.entities import Position
from runstream.exceptions import MlflowException, RestException

T = TypeVar("T")

LEVELS = ("accepted", "materialized")
# One question of a wait without end; a lost agent is noticed between two.
_ROUND_SECONDS = 60.0


class RunOperations:
    """Writes that were spooled and may not have arrived yet.

    What `synchronous=False` returns; MLflow's name for it.
    """

    def __init__(self, tracking_uri: str) -> None:
        self._tracking_uri = tracking_uri

    def wait(self) -> None:
        """Return when the server has accepted them. Raises what it refused."""
        wait_accepted(self._tracking_uri)


def finished(uri: str, synchronous: bool | None, result: T) -> T | RunOperations:
    """What a write returns: at once (None), with a handle (False), when accepted (True)."""
    if synchronous is None:
        return result
    if not synchronous:
        return RunOperations(uri)
    wait_accepted(uri)
    return result


def wait_accepted(uri: str) -> None:
    """Wait until all that this process logged is accepted, as long as a read may take."""
    settings = config()
    if settings.mode == "offline":
        warn_once("offline wait", "RUNSTREAM_MODE is offline: no write is waited for.")
        return
    flush_uri(uri, "accepted", settings.read_timeout_seconds)


def flush_uri(
    uri: str, level: str, timeout_seconds: float | None, *, everybody: bool = False
) -> Position:
    """Wait for one server.

    timeout_seconds: None waits for ever.
    everybody: also for what other processes of this user here logged.
    """
    process = this_process()
    if config().disabled or not process.has_spool():
        return Position()
    deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
    producer = b"" if everybody else process.spool().producer_id
    while True:
        seconds = _ROUND_SECONDS
        if deadline is not None:
            seconds = max(0.0, min(seconds, deadline - time.monotonic()))
        request = spool_pb2.AgentFlush(
            tracking_uri=uri,
            level=level,
            timeout_ms=max(1, int(seconds * 1000)),
            producer_id=producer,
        )
        try:
            with told("uploading") as on_progress:
                response = ask(spool_pb2.AgentRequest(flush=request), seconds, on_progress)
            return _position(response)
        except MlflowException as error:
            if error.error_code not in {codes.DEADLINE_EXCEEDED, codes.TEMPORARILY_UNAVAILABLE}:
                raise
            if deadline is not None and time.monotonic() >= deadline - 0.001:
                raise MlflowException(_said(error), codes.DEADLINE_EXCEEDED) from error


def _said(error: MlflowException) -> str:
    return str(error.json["message"]) if isinstance(error, RestException) else error.message


def _position(response: spool_pb2.AgentResponse) -> Position:
    if response.refusals:
        raise MlflowException.invalid_parameter_value(
            f"{len(response.refusals)} refused for good and set aside on this machine: "
            + " ".join(response.refusals)
        )
    return _wire.position(response.position)


def flush(level: str = "accepted", timeout: float | None = None) -> Position:
    """Wait until everything this process logged has arrived.

    level: "accepted": in the server's log, safe; "materialized": visible to reads.
    timeout: seconds; None waits for ever.

    Returns the position of the log. Raises MlflowException DEADLINE_EXCEEDED,
    naming what is missing, and INVALID_PARAMETER_VALUE for what was refused.
    """
    from runstream._tracking_uri import get_tracking_uri

    if level not in LEVELS:
        raise MlflowException.invalid_parameter_value(
            f"Invalid value {level!r} for parameter 'level' supplied: one of {', '.join(LEVELS)}."
        )
    deadline = None if timeout is None else time.monotonic() + timeout
    positions = {}
    for uri in sorted(this_process().destinations):
        left = None if deadline is None else max(0.0, deadline - time.monotonic())
        positions[uri] = flush_uri(uri, level, left)
    return positions.get(get_tracking_uri(), Position())


def flush_artifact_async_logging() -> None:
    """Wait until everything this process logged is accepted, artifacts included."""
    flush()


def flush_async_logging() -> None:
    """Wait until everything this process logged is accepted: MLflow's name for `flush`."""
    flush()
