"""Bytes by ticket."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from starlette.applications import Starlette

from runstream_server.activity import Activity
from runstream_server.blobs.local import LocalBlobs
from runstream_server.blobs.port import Upload
from runstream_server.gateway.app import Site, application
from runstream_server.telemetry import UPLOADS_FAILED, UPLOADS_STORED, Telemetry
from tests.unit.gateway.http import call

RUN = "a" * 32
CONTENT = bytes(range(256)) * 20


class There:
    def __init__(self, folder: Path) -> None:
        self.blobs = LocalBlobs(folder)
        self.telemetry = Telemetry()
        self.app: Starlette = application(
            Site(dict, lambda: "", self.telemetry, Activity(), self.blobs)
        )

    def ticket(self, content: bytes = CONTENT) -> tuple[str, str]:
        digest = hashlib.sha256(content).digest()
        upload = Upload(RUN, "1", "f", os.urandom(16).hex(), len(content), digest)
        ticket = self.blobs.create_upload(upload)
        return ticket.url, ticket.object_key


@pytest.fixture
def there(tmp_path: Path) -> There:
    return There(tmp_path)


def _pieces(content: bytes) -> list[bytes]:
    return [content[start : start + 999] for start in range(0, len(content), 999)]


def test_put_and_get(there: There) -> None:
    url, key = there.ticket()
    assert call(there.app, "PUT", url, _pieces(CONTENT)).status == 200
    download = there.blobs.create_download(key, "ü.bin")
    answer = call(there.app, "GET", download.url)
    assert (answer.status, answer.body) == (200, CONTENT)
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert "attachment" in answer.headers["content-disposition"]
    assert there.telemetry.values(UPLOADS_STORED) == {"": 1}


def test_a_range(there: There) -> None:
    url, key = there.ticket()
    call(there.app, "PUT", url, [CONTENT])
    download = there.blobs.create_download(key, "f")
    answer = call(there.app, "GET", download.url, headers={"range": "bytes=10-19"})
    assert (answer.status, answer.body) == (206, CONTENT[10:20])


def test_an_empty_file(there: There) -> None:
    url, key = there.ticket(b"")
    assert call(there.app, "PUT", url).status == 200
    assert call(there.app, "GET", there.blobs.create_download(key, "f").url).body == b""


@pytest.mark.parametrize("sent", [CONTENT[:-1], CONTENT + b"x", CONTENT[::-1]])
def test_other_bytes_are_refused(there: There, sent: bytes) -> None:
    url, _ = there.ticket()
    answer = call(there.app, "PUT", url, _pieces(sent))
    assert answer.status == 400
    assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    assert there.telemetry.values(UPLOADS_FAILED) == {"": 1}
    assert call(there.app, "PUT", url, [CONTENT]).status == 200


def test_a_broken_upload_leaves_nothing(there: There, tmp_path: Path) -> None:
    url, _ = there.ticket()
    call(there.app, "PUT", url, [CONTENT[:100]], breaks_off=True)
    assert not list((tmp_path / ".incoming").iterdir())
    assert not list((tmp_path / ".objects").iterdir())


@pytest.mark.parametrize("method", ["PUT", "GET"])
def test_forged_tickets(there: There, method: str) -> None:
    url, _ = there.ticket()
    answer = call(there.app, method, url[:-1] + ("A" if url[-1] != "A" else "B"))
    assert (answer.status, answer.json()["error_code"]) == (403, "PERMISSION_DENIED")
    assert call(there.app, method, "/blobs/..%2F..%2Fetc").status in (403, 404)


def test_a_ticket_to_read_does_not_write(there: There) -> None:
    url, key = there.ticket()
    call(there.app, "PUT", url, [CONTENT])
    download = there.blobs.create_download(key, "f")
    assert call(there.app, "PUT", download.url, [b"x"]).status == 403


def test_an_object_that_is_gone(there: There, tmp_path: Path) -> None:
    url, key = there.ticket()
    call(there.app, "PUT", url, [CONTENT])
    download = there.blobs.create_download(key, "f")
    (tmp_path / ".objects" / key).unlink()
    assert call(there.app, "GET", download.url).status == 404
