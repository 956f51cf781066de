"""What may be asked of the artifacts service."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from runstream.error_codes import INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST
from runstream.v1 import artifacts_pb2 as artifacts
from runstream_server.blobs.local import LocalBlobs
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
