"""An error of a service as a gRPC status with machine-readable detail."""

from __future__ import annotations

from typing import NamedTuple

import grpc

from runstream.error_codes import INTERNAL_ERROR, STATUS
from runstream_server.calls import detail_of
from runstream_server.errors import ServiceError

ERROR_METADATA = "runstream-error-bin"
# Trailers are small: clients take 8 KB, and text may be encoded at three
# bytes for one.
_MESSAGE_CHARACTERS = 1000

_CODES = {code.value[0]: code for code in grpc.StatusCode}


class Answer(NamedTuple):
    """How a call ends that failed."""

    code: grpc.StatusCode
    message: str
    metadata: tuple[tuple[str, bytes], ...]


def answer(error: ServiceError) -> Answer:
    """The status, its message and the trailing metadata of a refusal."""
    status = STATUS.get(error.error_code, STATUS[INTERNAL_ERROR])
    detail = detail_of(error, _MESSAGE_CHARACTERS)
    return Answer(
        _CODES[status.grpc],
        error.message[:_MESSAGE_CHARACTERS],
        ((ERROR_METADATA, detail.SerializeToString()),),
    )
