"""Error codes, and what each is in HTTP and gRPC: the one table of both.

Codes, spelling and HTTP numbers are MLflow's (its
`exceptions.ERROR_CODE_TO_HTTP_STATUS`), so that its clients understand them.
gRPC numbers are those of `grpc.StatusCode`, as plain integers: this module is
imported where gRPC is not.
"""

from __future__ import annotations

from typing import NamedTuple


class Status(NamedTuple):
    """What a code is on the wire."""

    http: int
    grpc: int


INVALID_PARAMETER_VALUE = "INVALID_PARAMETER_VALUE"
BAD_REQUEST = "BAD_REQUEST"
INVALID_STATE = "INVALID_STATE"
RESOURCE_DOES_NOT_EXIST = "RESOURCE_DOES_NOT_EXIST"
RESOURCE_ALREADY_EXISTS = "RESOURCE_ALREADY_EXISTS"
RESOURCE_EXHAUSTED = "RESOURCE_EXHAUSTED"
TEMPORARILY_UNAVAILABLE = "TEMPORARILY_UNAVAILABLE"
DEADLINE_EXCEEDED = "DEADLINE_EXCEEDED"
PERMISSION_DENIED = "PERMISSION_DENIED"
UNAUTHENTICATED = "UNAUTHENTICATED"
NOT_IMPLEMENTED = "NOT_IMPLEMENTED"
INTERNAL_ERROR = "INTERNAL_ERROR"

STATUS: dict[str, Status] = {
    INVALID_PARAMETER_VALUE: Status(http=400, grpc=3),
    BAD_REQUEST: Status(http=400, grpc=3),
    INVALID_STATE: Status(http=400, grpc=9),
    RESOURCE_DOES_NOT_EXIST: Status(http=404, grpc=5),
    RESOURCE_ALREADY_EXISTS: Status(http=400, grpc=6),
    RESOURCE_EXHAUSTED: Status(http=429, grpc=8),
    TEMPORARILY_UNAVAILABLE: Status(http=503, grpc=14),
    DEADLINE_EXCEEDED: Status(http=504, grpc=4),
    PERMISSION_DENIED: Status(http=403, grpc=7),
    UNAUTHENTICATED: Status(http=401, grpc=16),
    NOT_IMPLEMENTED: Status(http=501, grpc=12),
    INTERNAL_ERROR: Status(http=500, grpc=13),
}

# For a foreign server that sends a status without our detail.
FROM_GRPC: dict[int, str] = {
    3: INVALID_PARAMETER_VALUE,
    4: DEADLINE_EXCEEDED,
    5: RESOURCE_DOES_NOT_EXIST,
    6: RESOURCE_ALREADY_EXISTS,
    7: PERMISSION_DENIED,
    8: RESOURCE_EXHAUSTED,
    9: INVALID_STATE,
    12: NOT_IMPLEMENTED,
    13: INTERNAL_ERROR,
    14: TEMPORARILY_UNAVAILABLE,
    16: UNAUTHENTICATED,
}
