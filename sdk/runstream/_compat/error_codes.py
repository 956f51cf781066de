"""Error codes under MLflow's names. Its numbers for them are not used: a code is its name."""

from __future__ import annotations

from runstream.error_codes import (
    BAD_REQUEST,
    DEADLINE_EXCEEDED,
    INTERNAL_ERROR,
    INVALID_PARAMETER_VALUE,
    INVALID_STATE,
    NOT_IMPLEMENTED,
    PERMISSION_DENIED,
    RESOURCE_ALREADY_EXISTS,
    RESOURCE_DOES_NOT_EXIST,
    RESOURCE_EXHAUSTED,
    TEMPORARILY_UNAVAILABLE,
    UNAUTHENTICATED,
)

__all__ = [
    "BAD_REQUEST",
    "DEADLINE_EXCEEDED",
    "INTERNAL_ERROR",
    "INVALID_PARAMETER_VALUE",
    "INVALID_STATE",
    "NOT_IMPLEMENTED",
    "PERMISSION_DENIED",
    "RESOURCE_ALREADY_EXISTS",
    "RESOURCE_DOES_NOT_EXIST",
    "RESOURCE_EXHAUSTED",
    "TEMPORARILY_UNAVAILABLE",
    "UNAUTHENTICATED",
    "ErrorCode",
]


class ErrorCode:
    """The look of a protobuf enumeration, where number and name are the same."""

    @staticmethod
    def Name(code: str) -> str:  # noqa: N802 (protobuf's name)
        return code

    @staticmethod
    def Value(name: str) -> str:  # noqa: N802 (protobuf's name)
        return name
