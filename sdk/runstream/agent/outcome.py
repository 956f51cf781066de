"""What became of an attempt: the three answers that a sender gives."""

from __future__ import annotations

from dataclasses import dataclass

from runstream.v1 import tracking_pb2


@dataclass(frozen=True)
class Accepted:
    """The batch is durable in the log."""

    position: tracking_pb2.Position
    experiment_id: str = ""
    warning: str = ""


@dataclass(frozen=True)
class Refused:
    """Final, said by a Runstream server: nothing of it was stored, nor ever will be."""

    code: int
    message: str
    detail: tracking_pb2.ErrorDetail


@dataclass(frozen=True)
class Failed:
    """Nothing is known: the same bytes are to be sent again."""

    code: int
    message: str
    retry_after_seconds: float = 0.0
    # The server cannot be reached: others need not try either.
    away: bool = False
    # Our credentials are not taken: others are needed.
    denied: bool = False


Outcome = Accepted | Refused | Failed
