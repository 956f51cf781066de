"""Files of a run, fetched into a folder of this machine."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from runstream.agent.answer import Answer
from runstream.agent.destination import Destination
from runstream.agent.limits import STALLED_SECONDS
from runstream.agent.retry import RetryPolicy
from runstream.agent.transfer import ContentChangedError, Landing, TransferError
from runstream.agent.upload import http_base
from runstream.v1 import artifacts_pb2, tracking_pb2

_LIST = "/runstream.v1.Query/ListArtifacts"
_CREATE_DOWNLOAD = "/runstream.v1.Artifacts/CreateDownload"
_NOT_FOUND, _UNAVAILABLE, _INTERNAL = 5, 14, 13
_GONE = 404
# RESOURCE_EXHAUSTED, UNAVAILABLE.
_COME_AGAIN = frozenset({8, 14})
# Bytes that come whole and wrong so often are stored so.
_DAMAGED_MOST = 3

Progress = Callable[[int, int], None]


class DownloadError(Exception):
    """What was asked for could not be fetched; code is a gRPC status code."""

    def __init__(self, message: str, code: int, error_code: str) -> None:
        super().__init__(message)
        self.code = code
        self.error_code = error_code


@dataclass(frozen=True)
class Download:
    """One request: a file or a folder of a run."""

    destination: Destination
    run_id: str
    path: str
    target: Path
    deadline: float
    position: bytes = b""

    def run(self, progress: Progress) -> Path:
        """Fetch; the local path of what was asked for. Raises DownloadError."""
        files = self._files()
        total = sum(file.file_size for file in files)
        for file in files:
            self._fetch(file, lambda count: progress(count, total))
        local = self.target.joinpath(*PurePosixPath(self.path).parts)
        if not files:
            local.mkdir(parents=True, exist_ok=True)
        return local

    def _files(self) -> list[tracking_pb2.FileInfo]:
        path = self.path.strip("/")
        below = [file for file in self._list(path, True) if not file.is_dir]
        if below or not path:
            return below
        parent = str(PurePosixPath(path).parent)
        beside = self._list("" if parent == "." else parent, False)
        found = [file for file in beside if file.path == path and not file.is_dir]
        if not found and not any(file.path == path for file in beside):
            raise DownloadError(
                f"run {self.run_id} has no artifact {path!r}", _NOT_FOUND, "RESOURCE_DOES_NOT_EXIST"
            )
        return found

    def _list(self, path: str, recursive: bool) -> list[tracking_pb2.FileInfo]:
        request = tracking_pb2.ListArtifactsRequest(
            run_id=self.run_id, path=path, recursive=recursive
        )
        response = self._call(_LIST, request.SerializeToString(), self.position)
        return list(tracking_pb2.ListArtifactsResponse.FromString(response).files)

    def _fetch(self, file: tracking_pb2.FileInfo, progress: Callable[[int], None]) -> None:
        local = self._local(file.path)
        request = artifacts_pb2.CreateDownloadRequest(
            object_key=file.object_key, file_name=local.name
        ).SerializeToString()
        try:
            with Landing(local, (file.file_size, file.sha256), progress) as landing:
                self._land(landing, request)
        except OSError as error:
            raise DownloadError(
                f"{local} cannot be written: {error.strerror}", _INTERNAL, "INTERNAL_ERROR"
            ) from error
        except (TransferError, ContentChangedError) as error:
            raise DownloadError(
                f"{file.path}: {error}", _UNAVAILABLE, "TEMPORARILY_UNAVAILABLE"
            ) from error

    def _land(self, landing: Landing, request: bytes) -> None:
        """Until the file is there; gives up when nothing comes any more."""
        attempt = damaged = received = 0
        moved_at = time.monotonic()
        while True:
            try:
                ticket = self._ticket(request)
                landing.fetch(ticket, http_base(self.destination, self.deadline))
                return
            except ContentChangedError:
                damaged += 1
                if damaged == _DAMAGED_MOST:
                    raise
            except TransferError as error:
                now = time.monotonic()
                if landing.received > received:
                    attempt, received, moved_at = 0, landing.received, now
                late = now >= self.deadline or now - moved_at > STALLED_SECONDS
                if late or error.status == _GONE:
                    raise
                attempt += 1
                time.sleep(RetryPolicy().wait_seconds(attempt, 0.0, random.random()))

    def _ticket(self, request: bytes) -> artifacts_pb2.Ticket:
        """Raises TransferError where the server asks to come again."""
        answer = self.destination.call(_CREATE_DOWNLOAD, request, self.deadline)
        if answer.detail is not None and answer.code in _COME_AGAIN:
            raise TransferError(answer.message)
        return artifacts_pb2.Ticket.FromString(_response(answer))

    def _local(self, path: str) -> Path:
        """Where a file goes; never outside the target, whatever a server says."""
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts or os.path.isabs(path):
            raise DownloadError(f"bad artifact path {path!r}", _INTERNAL, "INTERNAL_ERROR")
        return self.target.joinpath(*parts)

    def _call(self, method: str, request: bytes, position: bytes = b"") -> bytes:
        return _response(self.destination.call(method, request, self.deadline, position))


def _response(answer: Answer) -> bytes:
    if answer.code:
        raise DownloadError(answer.message, answer.code, answer.error_code)
    return answer.response
