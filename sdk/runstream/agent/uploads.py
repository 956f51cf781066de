"""Artifacts on their way up: threads beside the lanes, one file of a stream at a time.

A worker thread takes a job, asks for a ticket with the upload id that the
writer chose (so asking again after a crash finds what is stored already),
sends the bytes and posts the result to the main thread. It raises nothing.
"""

from __future__ import annotations

import logging
import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from runstream.agent.destination import Destination
from runstream.agent.limits import CONTROL_TIMEOUT_SECONDS, STALLED_SECONDS, UPLOAD_THREADS
from runstream.agent.mailbox import Mailbox
from runstream.agent.meter import Meter, Meters
from runstream.agent.outcome import Failed
from runstream.agent.parts import PartsUpload
from runstream.agent.retry import RetryPolicy
from runstream.agent.transfer import ContentChangedError, TransferError, put
from runstream.agent.upload import Stored, Upload, UploadResult, failure, http_base, refused
from runstream.v1 import artifacts_pb2, tracking_pb2

_log = logging.getLogger(__name__)
_CREATE_UPLOAD = "/runstream.v1.Artifacts/CreateUpload"
_MODEL = "m-"
_GET_MODEL = "/runstream.v1.Query/GetLoggedModel"
_GET_RUN = "/runstream.v1.Query/GetRun"


class Uploads:
    """A few threads that store files."""

    def __init__(self, mailbox: Mailbox, meters: Meters) -> None:
        self._mailbox = mailbox
        self._meters = meters
        self._threads = ThreadPoolExecutor(UPLOAD_THREADS, thread_name_prefix="upload")

    def submit(
        self, destination: Destination, upload: Upload, done: Callable[[UploadResult, float], None]
    ) -> None:
        """Store a file; `done` is called on the main thread, once."""

        def work() -> None:
            meter = Meter(destination.tracking_uri, upload.path, upload.size_bytes)
            count = self._meters.begin(meter)
            result = store_safely(destination, upload, count)
            self._meters.end(meter)
            self._mailbox.post(lambda: done(result, time.monotonic()))

        self._threads.submit(work)

    def close(self) -> None:
        """Take nothing more; what is under way is abandoned."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def store_safely(
    destination: Destination, upload: Upload, progress: Callable[[int], None]
) -> UploadResult:
    """`store`, with every surprise as a failure that is tried again."""
    try:
        return store(destination, upload, progress)
    except Exception as error:
        _log.exception("upload of %s failed", upload.path)
        return Failed(13, str(error))


def store_now(
    destination: Destination, upload: Upload, deadline: float, progress: Callable[[int], None]
) -> UploadResult:
    """`store` for somebody who waits: again while anything gets through; blocks.

    A server that cannot be reached ends it at once.
    """
    attempt, moved_at = 0, time.monotonic()
    while True:
        sent = 0

        def count(more: int) -> None:
            nonlocal sent, moved_at
            sent += more
            moved_at = time.monotonic() if more > 0 else moved_at
            progress(more)

        result = store(destination, upload, count)
        now = time.monotonic()
        late = now >= deadline or now - moved_at > STALLED_SECONDS
        if not isinstance(result, Failed) or result.away or late:
            return result
        attempt += 1
        progress(-sent)
        asked = result.retry_after_seconds
        time.sleep(RetryPolicy().wait_seconds(attempt, asked, random.random()))


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
        accepts_parts=True,
    )
    answer = destination.call(_CREATE_UPLOAD, request.SerializeToString(), deadline)
    if answer.code:
        return failure(answer)
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
        return refused("the bytes are neither in the store nor in the spool")
    try:
        with open(upload.source, "rb") as file:
            if os.fstat(file.fileno()).st_size != upload.size_bytes:
                raise ContentChangedError("it has not the size that was logged")
            if ticket.HasField("parts"):
                return PartsUpload(destination, upload, ticket, progress).run(file)
            base = http_base(destination, time.monotonic() + CONTROL_TIMEOUT_SECONDS)
            put(ticket, base, file, upload.sha256, progress)
            return Stored(ticket.object_key)
    except FileNotFoundError:
        return refused(f"{upload.source.name} is gone from the spool")
    except ContentChangedError as error:
        return refused(f"{upload.source.name}: {error}")
    except (TransferError, OSError) as error:
        return Failed(14, str(error))


def experiment_of(destination: Destination, run_id: str, deadline: float) -> str:
    """The experiment of what another process created; empty when it is not known."""
    if run_id.startswith(_MODEL):
        model = tracking_pb2.GetLoggedModelRequest(model_id=run_id).SerializeToString()
        answer = destination.call(_GET_MODEL, model, deadline)
        if answer.code:
            return ""
        return tracking_pb2.LoggedModel.FromString(answer.response).experiment_id
    request = tracking_pb2.GetRunRequest(run_id=run_id).SerializeToString()
    answer = destination.call(_GET_RUN, request, deadline)
    if answer.code:
        return ""
    return tracking_pb2.Run.FromString(answer.response).info.experiment_id
