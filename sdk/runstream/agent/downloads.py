"""Files of a run, fetched into a folder of this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from runstream.agent.destination import Destination
from runstream.agent.sender import Answer
from runstream.agent.transfer import TransferError, get
from runstream.agent.uploads import http_base
from runstream.v1 import artifacts_pb2, tracking_pb2

_LIST = "/runstream.v1.Query/ListArtifacts"
_CREATE_DOWNLOAD = "/runstream.v1.Artifacts/CreateDownload"
_NOT_FOUND, _UNAVAILABLE, _INTERNAL = 5, 14, 13
_ATTEMPTS = 3

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
        for attempt in range(1, _ATTEMPTS + 1):
            ticket = artifacts_pb2.Ticket.FromString(self._call(_CREATE_DOWNLOAD, request))
            base = http_base(self.destination, self.deadline)
            try:
                get(ticket, base, local, (file.file_size, file.sha256), progress)
                return
            except TransferError as error:
                if attempt == _ATTEMPTS or time.monotonic() >= self.deadline:
                    raise DownloadError(
                        f"{file.path}: {error}", _UNAVAILABLE, "TEMPORARILY_UNAVAILABLE"
                    ) from error
            except OSError as error:
                raise DownloadError(
                    f"{local} cannot be written: {error.strerror}", _INTERNAL, "INTERNAL_ERROR"
                ) from error

    def _local(self, path: str) -> Path:
        """Where a file goes; never outside the target, whatever a server says."""
        parts = PurePosixPath(path).parts
        if not parts or path.startswith("/") or ".." in parts or os.path.isabs(path):
            raise DownloadError(f"bad artifact path {path!r}", _INTERNAL, "INTERNAL_ERROR")
        return self.target.joinpath(*parts)

    def _call(self, method: str, request: bytes, position: bytes = b"") -> bytes:
        answer: Answer = self.destination.call(method, request, self.deadline, position)
        if answer.code:
            raise DownloadError(answer.message, answer.code, answer.error_code)
        return answer.response
