"""What may be asked of the artifacts service."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from runstream.error_codes import (
    INVALID_PARAMETER_VALUE,
    INVALID_STATE,
    RESOURCE_DOES_NOT_EXIST,
    RESOURCE_EXHAUSTED,
    TEMPORARILY_UNAVAILABLE,
)
from runstream.v1 import artifacts_pb2 as artifacts
from runstream_server.blobs.local import LocalBlobs
from runstream_server.blobs.memory import MemoryBlobs
from runstream_server.blobs.parts import PART_BYTES
from runstream_server.blobs.port import (
    BlobNotFoundError,
    StoreUnavailableError,
    Upload,
    UploadConflictError,
    UploadLostError,
)
from runstream_server.blobs.service import ArtifactsService
from runstream_server.errors import ServiceError
from runstream_server.service import CallContext


def ctx() -> CallContext:
    return CallContext(None, time.monotonic() + 10.0)


def request(**fields: Any) -> artifacts.CreateUploadRequest:
    good = {
        "run_id": "a" * 32,
        "experiment_id": "1",
        "path": "dir/file",
        "upload_id": "b" * 32,
        "size_bytes": 1,
        "sha256": b"s" * 32,
    }
    return artifacts.CreateUploadRequest(**{**good, **fields})


def test_a_good_request_gets_a_ticket(tmp_path: Path) -> None:
    ticket = ArtifactsService(LocalBlobs(tmp_path)).create_upload(request(), ctx())
    assert ticket.object_key == f"{'a' * 32}/{'b' * 32}"
    assert ticket.url.startswith("/blobs/")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("run_id", "../x"),
        ("run_id", ""),
        ("upload_id", "../" + "b" * 29),
        ("upload_id", "B" * 32),
        ("experiment_id", "../1"),
        ("experiment_id", "x"),
        ("path", ""),
        ("path", "../../etc/passwd"),
        ("path", "/etc/passwd"),
        ("path", "a//b"),
        ("path", "a\0b"),
        ("path", "a\\b"),
        ("size_bytes", -1),
        ("sha256", b""),
    ],
)
def test_bad_requests_are_refused_by_field(tmp_path: Path, field: str, value: object) -> None:
    with pytest.raises(ServiceError) as caught:
        ArtifactsService(LocalBlobs(tmp_path)).create_upload(request(**{field: value}), ctx())
    assert caught.value.error_code == INVALID_PARAMETER_VALUE
    assert caught.value.place.field == field


def test_downloads_of_nothing(tmp_path: Path) -> None:
    service = ArtifactsService(LocalBlobs(tmp_path))
    with pytest.raises(ServiceError) as missing:
        service.create_download(artifacts.CreateDownloadRequest(object_key="x/y"), ctx())
    assert missing.value.error_code == RESOURCE_DOES_NOT_EXIST
    with pytest.raises(ServiceError) as empty:
        service.create_download(artifacts.CreateDownloadRequest(), ctx())
    assert empty.value.error_code == INVALID_PARAMETER_VALUE


# ---- In parts ----

SIZE = 2 * PART_BYTES
IDS: dict[str, Any] = {"run_id": "a" * 32, "upload_id": "b" * 32, "parts_id": "p"}


def part(number: int, size_bytes: int = PART_BYTES, sha256: bytes = b"s" * 32) -> artifacts.Part:
    return artifacts.Part(number=number, size_bytes=size_bytes, sha256=sha256)


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("run_id", {"run_id": "../x"}),
        ("upload_id", {"upload_id": "../../x"}),
        ("parts_id", {"parts_id": ""}),
        ("parts_id", {"parts_id": "p" * 1025}),
        ("parts", {"parts": []}),
        ("parts[0].number", {"parts": [part(0)]}),
        ("parts[0].number", {"parts": [part(10_001)]}),
        ("parts[1].sha256", {"parts": [part(1), part(2, sha256=b"")]}),
    ],
)
def test_bad_parts_are_refused_by_field(field: str, fields: dict[str, Any]) -> None:
    service = ArtifactsService(MemoryBlobs())
    asked: dict[str, Any] = {**IDS, "parts": [part(1), part(2)], **fields}
    whole: dict[str, Any] = {"size_bytes": SIZE, "sha256": b"s" * 32}
    for call in (
        lambda: service.create_parts(artifacts.CreatePartsRequest(**asked), ctx()),
        lambda: service.complete_upload(artifacts.CompleteUploadRequest(**asked, **whole), ctx()),
    ):
        with pytest.raises(ServiceError) as caught:
            call()
        assert caught.value.error_code == INVALID_PARAMETER_VALUE
        assert caught.value.place.field == field


def test_parts_that_do_not_make_the_file_are_refused() -> None:
    service = ArtifactsService(MemoryBlobs())
    asked = artifacts.CompleteUploadRequest(
        **IDS, parts=[part(1)], size_bytes=SIZE, sha256=b"s" * 32
    )
    with pytest.raises(ServiceError, match="1 parts are named, and 2 make") as caught:
        service.complete_upload(asked, ctx())
    assert caught.value.place.field == "parts"


class Broken(MemoryBlobs):
    """A store that raises."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def create_upload(self, upload: Upload) -> artifacts.Ticket:
        raise self._error


class Hanging(MemoryBlobs):
    """A store that answers when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting = threading.Semaphore(0)
        self.go = threading.Event()

    def create_upload(self, upload: Upload) -> artifacts.Ticket:
        self.waiting.release()
        self.go.wait(10.0)
        return super().create_upload(upload)


def test_a_store_that_hangs_keeps_few_threads() -> None:
    store = Hanging()
    service = ArtifactsService(store)
    with ThreadPoolExecutor(16) as threads:
        calls = [threads.submit(service.create_upload, request(), ctx()) for _ in range(16)]
        for _ in calls:
            assert store.waiting.acquire(timeout=10.0)
        with pytest.raises(ServiceError) as caught:
            service.create_upload(request(), ctx())
        store.go.set()
        assert all(call.result().url for call in calls)
    assert caught.value.error_code == RESOURCE_EXHAUSTED
    assert caught.value.retry_after_ms > 0
    assert service.create_upload(request(), ctx()).url


@pytest.mark.parametrize(
    ("error", "code", "field"),
    [
        (StoreUnavailableError("down"), TEMPORARILY_UNAVAILABLE, ""),
        (UploadLostError("gone"), TEMPORARILY_UNAVAILABLE, "parts_id"),
        (UploadConflictError("others"), INVALID_STATE, "upload_id"),
        (BlobNotFoundError("x"), RESOURCE_DOES_NOT_EXIST, "object_key"),
    ],
)
def test_what_the_store_raises(error: Exception, code: str, field: str) -> None:
    with pytest.raises(ServiceError) as caught:
        ArtifactsService(Broken(error)).create_upload(request(), ctx())
    assert (caught.value.error_code, caught.value.place.field) == (code, field)
