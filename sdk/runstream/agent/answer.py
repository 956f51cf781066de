"""What a call gave, by whatever transport, and what that means for a batch."""

from __future__ import annotations

from dataclasses import dataclass

from google.protobuf.message import DecodeError

from runstream import error_codes
from runstream.agent.outcome import Accepted, Failed, Outcome, Refused
from runstream.v1 import ingest_pb2, tracking_pb2

INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, PERMISSION_DENIED = 3, 4, 5, 7
RESOURCE_EXHAUSTED, FAILED_PRECONDITION, INTERNAL, UNAVAILABLE, UNAUTHENTICATED = 8, 9, 13, 14, 16
# What a Runstream server says when a batch can never be stored.
_FINAL = frozenset({INVALID_ARGUMENT, NOT_FOUND, FAILED_PRECONDITION})


@dataclass(frozen=True)
class Answer:
    """What a unary call gave: a response, or a gRPC code with our detail."""

    code: int = 0
    message: str = ""
    response: bytes = b""
    detail: tracking_pb2.ErrorDetail | None = None

    @property
    def error_code(self) -> str:
        """Our code, or the one that stands for the status of a foreign server."""
        if self.detail is not None and self.detail.error_code:
            return self.detail.error_code
        return error_codes.FROM_GRPC.get(self.code, error_codes.INTERNAL_ERROR)

    @property
    def away(self) -> bool:
        """Nobody answered there."""
        return self.code == UNAVAILABLE and self.detail is None

    @property
    def denied(self) -> bool:
        """The server, or somebody in front of it, does not let us in."""
        return self.code == UNAUTHENTICATED or (
            self.code == PERMISSION_DENIED and self.detail is None
        )


def outcome(answer: Answer) -> Outcome:
    """What an answer to Append means. Only a Runstream server can refuse for good."""
    if answer.code == 0:
        try:
            response = ingest_pb2.AppendResponse.FromString(answer.response)
        except DecodeError as error:
            return Failed(0, f"the server's answer cannot be read: {error}")
        return Accepted(response.position, response.experiment_id, response.warning)
    if answer.detail is not None and answer.code in _FINAL:
        return Refused(answer.code, answer.message, answer.detail)
    asked = answer.detail.retry_after_ms / 1000 if answer.detail is not None else 0.0
    # No answer in all that time: perhaps nobody is at the other end any more.
    silent = answer.code == DEADLINE_EXCEEDED and answer.detail is None
    away = answer.away or silent or answer.denied
    return Failed(answer.code, answer.message, asked, away, answer.denied)
