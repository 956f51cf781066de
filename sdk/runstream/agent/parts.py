"""A large file, sent in parts side by side; what an earlier attempt brought is not sent again.

The file is read once in order: the SHA-256 of each part goes into the part's
ticket, where the store checks it, and that of the whole is compared at the end,
before the parts are put together. So the object holds the bytes that were
logged, or nobody ever sees it.
"""

from __future__ import annotations

import hashlib
import os
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import BinaryIO

from runstream.agent.destination import Destination
from runstream.agent.http_way import HttpBase
from runstream.agent.limits import (
    COMPLETE_TIMEOUT_SECONDS,
    CONTROL_TIMEOUT_SECONDS,
    HTTP_CHUNK_BYTES,
    PARTS_SIDE_BY_SIDE,
    STALLED_SECONDS,
)
from runstream.agent.outcome import Failed, Refused
from runstream.agent.retry import RetryPolicy
from runstream.agent.transfer import ContentChangedError, TransferError, put_range
from runstream.agent.upload import Stored, Upload, UploadResult, failure, http_base, refused
from runstream.v1 import artifacts_pb2

_CREATE_PARTS = "/runstream.v1.Artifacts/CreateParts"
_COMPLETE = "/runstream.v1.Artifacts/CompleteUpload"
_GONE = 404
# Where the server puts the blame when the upload is not there any more.
_LOST_FIELD = "parts_id"


class _EndedError(Exception):
    """The attempt is over."""

    def __init__(self, result: Refused | Failed) -> None:
        super().__init__(result.message)
        self.result = result


class PartsUpload:
    """One attempt. `run` is called once, and blocks.

    progress: gets counts of bytes; less than 0 when some have to be sent again.
    """

    def __init__(
        self,
        destination: Destination,
        upload: Upload,
        ticket: artifacts_pb2.Ticket,
        progress: Callable[[int], None],
    ) -> None:
        self._destination = destination
        self._upload = upload
        self._parts = ticket.parts
        self._stored = {part.number: part for part in ticket.parts.stored}
        self._progress = progress
        self._retry = RetryPolicy()
        self._guard = threading.Lock()
        self._over = threading.Event()
        self._moved_at = time.monotonic()

    def run(self, file: BinaryIO) -> UploadResult:
        """Send what is missing and have the parts put together."""
        try:
            parts = self._send_all(file)
        except _EndedError as ended:
            return ended.result
        request = artifacts_pb2.CompleteUploadRequest(
            run_id=self._upload.run_id,
            upload_id=self._upload.upload_id,
            parts_id=self._parts.parts_id,
            size_bytes=self._upload.size_bytes,
            sha256=self._upload.sha256,
            parts=parts,
        )
        deadline = time.monotonic() + COMPLETE_TIMEOUT_SECONDS
        answer = self._destination.call(_COMPLETE, request.SerializeToString(), deadline)
        if answer.code:
            return failure(answer)
        return Stored(artifacts_pb2.Ticket.FromString(answer.response).object_key)

    def _send_all(self, file: BinaryIO) -> list[artifacts_pb2.Part]:
        whole, parts = hashlib.sha256(), list[artifacts_pb2.Part]()
        base = http_base(self._destination, time.monotonic() + CONTROL_TIMEOUT_SECONDS)
        sending: set[Future[None]] = set()
        threads = ThreadPoolExecutor(PARTS_SIDE_BY_SIDE, thread_name_prefix="part")
        try:
            for start in range(0, self._upload.size_bytes, self._parts.part_size_bytes):
                part = self._hashed(file, start, whole.update)
                parts.append(part)
                if self._is_stored(part):
                    self._count(part.size_bytes)
                    continue
                sending.add(threads.submit(self._send, file.fileno(), start, part, base))
                # One more than are sent: its checksum is ready when a thread is.
                sending = _settled(sending, PARTS_SIDE_BY_SIDE)
            if whole.digest() != self._upload.sha256:
                raise _EndedError(
                    refused(f"{self._upload.path} has not the content that was logged")
                )
            _settled(sending, 0)
        finally:
            self._over.set()
            threads.shutdown(wait=True, cancel_futures=True)
        return parts

    def _hashed(
        self, file: BinaryIO, start: int, whole: Callable[[bytes], object]
    ) -> artifacts_pb2.Part:
        size = min(self._parts.part_size_bytes, self._upload.size_bytes - start)
        digest, left = hashlib.sha256(), size
        while left:
            chunk = os.pread(file.fileno(), min(HTTP_CHUNK_BYTES, left), start + size - left)
            if not chunk:
                raise _EndedError(refused(f"{self._upload.path} has become shorter"))
            digest.update(chunk)
            whole(chunk)
            left -= len(chunk)
        number = start // self._parts.part_size_bytes + 1
        return artifacts_pb2.Part(number=number, size_bytes=size, sha256=digest.digest())

    def _is_stored(self, part: artifacts_pb2.Part) -> bool:
        return self._stored.get(part.number) == part

    def _send(self, descriptor: int, start: int, part: artifacts_pb2.Part, base: HttpBase) -> None:
        """Until the part is stored, or the attempt is over."""
        attempt = 0
        while not self._over.is_set():
            attempt += 1
            failed = self._try((descriptor, start), part, base, attempt > 1)
            if failed is None:
                self._moved_at = time.monotonic()
                return
            if time.monotonic() - self._moved_at > STALLED_SECONDS:
                raise _EndedError(failed)
            asked = failed.retry_after_seconds
            self._over.wait(self._retry.wait_seconds(attempt, asked, random.random()))

    def _try(
        self,
        at: tuple[int, int],
        part: artifacts_pb2.Part,
        base: HttpBase,
        again: bool,
    ) -> Failed | None:
        ticket = self._ticket(part, again)
        if isinstance(ticket, Failed):
            return ticket
        sent = 0

        def count(more: int) -> None:
            nonlocal sent
            sent += more
            self._count(more)

        try:
            put_range(ticket, base, (*at, part.size_bytes), count)
        except ContentChangedError as error:
            raise _EndedError(refused(f"{self._upload.path}: {error}")) from error
        except TransferError as error:
            self._count(-sent)
            failed = Failed(14, f"part {part.number} of {self._upload.path}: {error}")
            if error.status == _GONE:
                # The upload was given up there: begin again.
                raise _EndedError(failed) from error
            return failed
        return None

    def _ticket(self, part: artifacts_pb2.Part, again: bool) -> artifacts_pb2.Ticket | Failed:
        request = artifacts_pb2.CreatePartsRequest(
            run_id=self._upload.run_id,
            upload_id=self._upload.upload_id,
            parts_id=self._parts.parts_id,
            parts=[part],
            again=again,
        )
        deadline = time.monotonic() + CONTROL_TIMEOUT_SECONDS
        answer = self._destination.call(_CREATE_PARTS, request.SerializeToString(), deadline)
        if answer.code:
            failed = failure(answer)
            lost = answer.detail is not None and answer.detail.field == _LOST_FIELD
            if lost or isinstance(failed, Refused):
                raise _EndedError(failed)
            return failed
        return artifacts_pb2.PartTickets.FromString(answer.response).tickets[0]

    def _count(self, more: int) -> None:
        with self._guard:
            self._progress(more)


def _settled(sending: set[Future[None]], most: int) -> set[Future[None]]:
    """Wait until at most so many are under way. Raises what went wrong in one."""
    while len(sending) > most:
        done, sending = wait(sending, return_when=FIRST_COMPLETED)
        for future in done:
            future.result()
    return sending
