"""What every store of artifacts promises, on each implementation."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from runstream.v1 import artifacts_pb2 as artifacts
from runstream_server.blobs.local import URL_PREFIX, LocalBlobs
from runstream_server.blobs.port import BlobNotFoundError, Blobs, Upload

CONTENT = b"weights" * 1000
RUN = "a" * 32


class Setup(Protocol):
    """A store, and how the holder of a ticket uses it."""

    blobs: Blobs

    def put(self, ticket: artifacts.Ticket, content: bytes) -> bool: ...

    def get(self, ticket: artifacts.Ticket) -> bytes: ...


class LocalSetup:
    """The gateway's part, without HTTP."""

    def __init__(self, folder: Path) -> None:
        self.local = LocalBlobs(folder)
        self.blobs: Blobs = self.local

    def put(self, ticket: artifacts.Ticket, content: bytes) -> bool:
        incoming = self.local.receive(ticket.url.removeprefix(URL_PREFIX))
        try:
            for start in range(0, len(content), 1000):
                incoming.write(content[start : start + 1000])
            incoming.finish()
        except Exception:
            return False
        finally:
            incoming.close()
        return True

    def get(self, ticket: artifacts.Ticket) -> bytes:
        return self.local.open(ticket.url.removeprefix(URL_PREFIX)).path.read_bytes()


@pytest.fixture(params=[LocalSetup], ids=["local"])
def setup(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Setup]:
    made = request.param(tmp_path)
    yield made
    made.blobs.close()
    made.blobs.close()


def upload(content: bytes = CONTENT, path: str = "model/weights.bin") -> Upload:
    return Upload(
        run_id=RUN,
        experiment_id="1",
        path=path,
        upload_id=os.urandom(16).hex(),
        size_bytes=len(content),
        sha256=hashlib.sha256(content).digest(),
    )


@pytest.mark.parametrize("content", [CONTENT, b"", b"x"])
def test_what_was_put_can_be_got(setup: Setup, content: bytes) -> None:
    ticket = setup.blobs.create_upload(upload(content))
    assert (ticket.method, ticket.stored) == ("PUT", False)
    assert ticket.expires_ms > 0
    assert setup.put(ticket, content)
    download = setup.blobs.create_download(ticket.object_key, "weights.bin")
    assert (download.method, download.object_key) == ("GET", ticket.object_key)
    assert setup.get(download) == content


def test_what_is_stored_need_not_be_sent_again(setup: Setup) -> None:
    wanted = upload()
    first = setup.blobs.create_upload(wanted)
    setup.put(first, CONTENT)
    again = setup.blobs.create_upload(wanted)
    assert (again.stored, again.object_key) == (True, first.object_key)


def test_an_upload_asked_for_twice_has_one_key(setup: Setup) -> None:
    wanted = upload()
    first, second = setup.blobs.create_upload(wanted), setup.blobs.create_upload(wanted)
    assert first.object_key == second.object_key
    assert setup.put(second, CONTENT)
    assert setup.put(first, CONTENT)


def test_uploads_of_one_path_have_different_keys(setup: Setup) -> None:
    first = setup.blobs.create_upload(upload(b"old"))
    setup.put(first, b"old")
    second = setup.blobs.create_upload(upload(b"new"))
    setup.put(second, b"new")
    assert setup.get(setup.blobs.create_download(first.object_key, "")) == b"old"
    assert setup.get(setup.blobs.create_download(second.object_key, "")) == b"new"


@pytest.mark.parametrize("sent", [CONTENT[:-1], CONTENT + b"x", CONTENT[:-1] + b"?", b""])
def test_other_bytes_than_promised_are_not_kept(setup: Setup, sent: bytes) -> None:
    ticket = setup.blobs.create_upload(upload())
    assert not setup.put(ticket, sent)
    with pytest.raises(BlobNotFoundError):
        setup.blobs.create_download(ticket.object_key, "")
    assert setup.put(ticket, CONTENT), "the ticket still holds"


@pytest.mark.parametrize(
    "key", ["", "x", f"{RUN}/{'b' * 32}", f"../{RUN}", f"{RUN}/../{RUN}", "/etc/passwd", "a/b/c"]
)
def test_there_is_no_download_of_nothing(setup: Setup, key: str) -> None:
    with pytest.raises(BlobNotFoundError):
        setup.blobs.create_download(key, "")


def test_a_models_artifacts(setup: Setup) -> None:
    ticket = setup.blobs.create_upload(replace(upload(), run_id="m-" + RUN))
    assert setup.put(ticket, CONTENT)
