"""The one error that services raise for their callers.

    Exception
    └── ServiceError    a refusal with MLflow's code, the field and the limit

Every door (gRPC, HTTP) translates it by the table in `runstream.error_codes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


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
