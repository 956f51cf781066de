"""One file on its way up: what is wanted, and what may become of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from runstream.agent.answer import Answer
from runstream.agent.destination import Destination
from runstream.agent.http_way import HttpBase
from runstream.agent.outcome import Failed, Refused
from runstream.v1 import tracking_pb2

_SERVER_INFO = "/runstream.v1.Query/GetServerInfo"
# INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION, OUT_OF_RANGE.
_FINAL = frozenset({3, 5, 6, 9, 11})


@dataclass(frozen=True)
class Stored:
    """The bytes are in the store, whole."""

    object_key: str


UploadResult = Stored | Refused | Failed


@dataclass(frozen=True)
class Upload:
    """One file to store."""

    run_id: str
    experiment_id: str
    path: str
    upload_id: str
    # Where the bytes lie; None: they should be stored already.
    source: Path | None
    size_bytes: int
    sha256: bytes


def http_base(destination: Destination, deadline: float) -> HttpBase:
    """Where relative ticket URLs of this server lead; an empty URL when it does not say."""
    address = destination.address(deadline)
    if address is None:
        return HttpBase("")
    if address.http_base:
        return HttpBase(address.http_base, address.access)
    answer = destination.call(_SERVER_INFO, b"", deadline)
    if answer.code:
        return HttpBase("")
    info = tracking_pb2.ServerInfo.FromString(answer.response)
    return HttpBase(info.http_address, address.access)


def failure(answer: Answer) -> Refused | Failed:
    """What an answer that is an error means for the upload."""
    if answer.detail is not None and answer.code in _FINAL:
        return Refused(answer.code, answer.message, answer.detail)
    asked = answer.detail.retry_after_ms / 1000 if answer.detail is not None else 0.0
    return Failed(answer.code, answer.message, asked, answer.away)


def refused(message: str) -> Refused:
    """A fault on this side: trying again does not help."""
    return Refused(9, message, tracking_pb2.ErrorDetail(error_code="INVALID_STATE"))
