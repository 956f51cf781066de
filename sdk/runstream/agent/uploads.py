"""Artifacts on their way up: threads beside the lanes, one file of a stream at a time.

A worker thread takes a job, asks for a ticket with the upload id that the
writer chose (so asking again after a crash finds what is stored already),
sends the bytes and posts the result to the main thread. It raises nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from runstream.agent.destination import Destination
from runstream.agent.limits import CONTROL_TIMEOUT_SECONDS, UPLOAD_THREADS
from runstream.agent.mailbox import Mailbox
from runstream.agent.outcome import Failed, Refused
from runstream.agent.sender import Answer
from runstream.agent.transfer import ContentChangedError, TransferError, put
from runstream.v1 import artifacts_pb2, tracking_pb2

_log = logging.getLogger(__name__)
_CREATE_UPLOAD = "/runstream.v1.Artifacts/CreateUpload"
_SERVER_INFO = "/runstream.v1.Query/GetServerInfo"
_GET_RUN = "/runstream.v1.Query/GetRun"
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


class Uploads:
    """A few threads that store files."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._threads = ThreadPoolExecutor(UPLOAD_THREADS, thread_name_prefix="upload")

    def submit(
        self, destination: Destination, upload: Upload, done: Callable[[UploadResult, float], None]
    ) -> None:
        """Store a file; `done` is called on the main thread, once."""

        def work() -> None:
            result = store_safely(destination, upload)
            self._mailbox.post(lambda: done(result, time.monotonic()))

        self._threads.submit(work)

    def close(self) -> None:
        """Take nothing more; what is under way is abandoned."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def store_safely(destination: Destination, upload: Upload) -> UploadResult:
    """`store`, with every surprise as a failure that is tried again."""
    try:
        return store(destination, upload, lambda done: None)
    except Exception as error:
        _log.exception("upload of %s failed", upload.path)
        return Failed(13, str(error))


def store(
    destination: Destination, upload: Upload, progress: Callable[[int], None]
) -> UploadResult:
    """Ask for a ticket and send the bytes; blocks."""
    deadline = time.monotonic() + CONTROL_TIMEOUT_SECONDS
    request = artifacts_pb2.CreateUploadRequest(
        run_id=upload.run_id,
        experiment_id=upload.experiment_id or experiment_of(destination, upload.run_id, deadline),
        path=upload.path,
        upload_id=upload.upload_id,
        size_bytes=upload.size_bytes,
        sha256=upload.sha256,
    )
    answer = destination.call(_CREATE_UPLOAD, request.SerializeToString(), deadline)
    if answer.code:
        return _failure(answer)
    ticket = artifacts_pb2.Ticket.FromString(answer.response)
    return (
        Stored(ticket.object_key) if ticket.stored else _send(destination, upload, ticket, progress)
    )


def _send(
    destination: Destination,
    upload: Upload,
    ticket: artifacts_pb2.Ticket,
    progress: Callable[[int], None],
) -> UploadResult:
    if upload.source is None:
        return _refused("the bytes are neither in the store nor in the spool")
    base = http_base(destination, time.monotonic() + CONTROL_TIMEOUT_SECONDS)
    try:
        put(ticket, base, upload.source, (upload.size_bytes, upload.sha256), progress)
    except FileNotFoundError:
        return _refused(f"{upload.source.name} is gone from the spool")
    except ContentChangedError as error:
        return _refused(str(error))
    except (TransferError, OSError) as error:
        return Failed(14, str(error))
    return Stored(ticket.object_key)


def http_base(destination: Destination, deadline: float) -> str:
    """Where relative ticket URLs of this server lead; empty when it does not say."""
    address = destination.address(deadline)
    if address is None or address.http_base:
        return address.http_base if address else ""
    answer = destination.call(_SERVER_INFO, b"", deadline)
    if answer.code:
        return ""
    return tracking_pb2.ServerInfo.FromString(answer.response).http_address


def experiment_of(destination: Destination, run_id: str, deadline: float) -> str:
    """The experiment of a run that another process created; empty when it is not known."""
    request = tracking_pb2.GetRunRequest(run_id=run_id).SerializeToString()
    answer = destination.call(_GET_RUN, request, deadline)
    if answer.code:
        return ""
    return tracking_pb2.Run.FromString(answer.response).info.experiment_id


def _failure(answer: Answer) -> Refused | Failed:
    if answer.detail is not None and answer.code in _FINAL:
        return Refused(answer.code, answer.message, answer.detail)
    asked = answer.detail.retry_after_ms / 1000 if answer.detail is not None else 0.0
    return Failed(answer.code, answer.message, asked, answer.away)


def _refused(message: str) -> Refused:
    return Refused(9, message, tracking_pb2.ErrorDetail(error_code="INVALID_STATE"))
