"""The errors of services that callers are told of.

    Exception
    ├── ServiceError    a refusal with MLflow's code, the field and the limit
    └── AwayError       an engine behind the service is away for now

Every door (gRPC, HTTP) translates the first by the table in `runstream.error_codes`;
the second is TEMPORARILY_UNAVAILABLE. Anything else is a fault of ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class ErrorPlace:
    """Where the fault is, for machines: the field, the limit, the events."""

    field: str = ""
    limit: str = ""
    event_indexes: Sequence[int] = ()


class ServiceError(Exception):
    """A request is refused; nothing of it was stored.

    error_code: one of `runstream.error_codes`.
    retry_after_ms: for RESOURCE_EXHAUSTED and TEMPORARILY_UNAVAILABLE, how
        long to wait before the next try; 0 leaves it to the caller.
    """

    def __init__(
        self,
        error_code: str,
        message: str,
        place: ErrorPlace = ErrorPlace(),
        *,
        retry_after_ms: int = 0,
    ) -> None:
        super().__init__(message)
        self.error_code = error_code
        self.message = message
        self.place = place
        self.retry_after_ms = retry_after_ms


class AwayError(Exception):
    """What a call needs is away or overloaded: the same call may work later.

    The message is for our log: it may hold addresses and statements. `said` is for the
    caller of a service.
    """

    said: ClassVar[str] = "Something that the server needs is away. Try again in a moment."
