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
from runstream_server.blobs.memory import MemoryBlobs
from runstream_server.blobs.parts import PART_BYTES, Part
from runstream_server.blobs.port import (
    BlobNotFoundError,
    Blobs,
    PartsOf,
    Upload,
    UploadConflictError,
    UploadLostError,
)
from runstream_server.blobs.s3 import S3Blobs
from runstream_server.blobs.tickets import TicketError
from tests.servers.s3 import S3Server
from tests.servers.tickets import follow

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


class MemorySetup:
    """Its own part, without anything."""

    def __init__(self) -> None:
        self.memory = MemoryBlobs()
        self.blobs: Blobs = self.memory

    def put(self, ticket: artifacts.Ticket, content: bytes) -> bool:
        try:
            self.memory.receive(ticket, content)
        except (TicketError, UploadLostError):
            return False
        return True

    def get(self, ticket: artifacts.Ticket) -> bytes:
        return self.memory.open(ticket)


class S3Setup:
    """A bucket of a real server, and HTTP."""

    def __init__(self, server: S3Server) -> None:
        self.blobs: Blobs = S3Blobs(server.settings(server.new_bucket(), prefix="deep/er"))

    def put(self, ticket: artifacts.Ticket, content: bytes) -> bool:
        return follow(ticket, content)[0] == 200

    def get(self, ticket: artifacts.Ticket) -> bytes:
        status, content = follow(ticket)
        assert status == 200
        return content


S3 = pytest.param("s3", marks=pytest.mark.servers)


@pytest.fixture(params=["local", "memory", S3])
def setup(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Setup]:
    """Every store."""
    made: Setup
    if request.param == "local":
        made = LocalSetup(tmp_path)
    elif request.param == "memory":
        made = MemorySetup()
    else:
        made = S3Setup(request.getfixturevalue("s3"))
    yield made
    made.blobs.close()
    made.blobs.close()


# The stores that take large files in parts, and keep checksums.
keepers = pytest.mark.parametrize("setup", ["memory", S3], indirect=True)


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


@keepers
def test_other_bytes_cannot_take_an_upload_id(setup: Setup) -> None:
    wanted = upload()
    assert setup.put(setup.blobs.create_upload(wanted), CONTENT)
    with pytest.raises(UploadConflictError):
        setup.blobs.create_upload(replace(wanted, sha256=bytes(32)))


# ---- In parts ----

LARGE = os.urandom(1000) * (2 * PART_BYTES // 1000 + 1)


def parts_of(content: bytes) -> list[tuple[Part, bytes]]:
    pieces = [content[at : at + PART_BYTES] for at in range(0, len(content), PART_BYTES)]
    return [
        (Part(number, len(piece), hashlib.sha256(piece).digest()), piece)
        for number, piece in enumerate(pieces, 1)
    ]


class InParts:
    """An upload in parts under way."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.wanted = replace(upload(LARGE), in_parts=True)
        self.ticket = setup.blobs.create_upload(self.wanted)
        self.of = PartsOf(RUN, self.wanted.upload_id, self.ticket.parts.parts_id)
        self.parts = [part for part, _ in parts_of(LARGE)]

    def send(self, *numbers: int) -> None:
        chosen = [pair for pair in parts_of(LARGE) if pair[0].number in numbers]
        tickets = self.setup.blobs.create_parts(self.of, [part for part, _ in chosen])
        for ticket, (_, piece) in zip(tickets, chosen, strict=True):
            assert self.setup.put(ticket, piece)

    def complete(self) -> artifacts.Ticket:
        return self.setup.blobs.complete_upload(self.of, len(LARGE), self.wanted.sha256, self.parts)


@keepers
def test_a_large_file_goes_in_parts(setup: Setup) -> None:
    upload = InParts(setup)
    assert upload.ticket.parts.part_size_bytes == PART_BYTES
    assert not upload.ticket.url
    upload.send(3, 1, 2)
    with pytest.raises(BlobNotFoundError):
        setup.blobs.create_download(upload.ticket.object_key, "")
    assert upload.complete().stored
    assert upload.complete().stored, "asked again, after an answer that was lost"
    download = setup.blobs.create_download(upload.ticket.object_key, "")
    assert setup.get(download) == LARGE
    assert setup.blobs.create_upload(upload.wanted).stored


@keepers
def test_parts_that_are_there_are_told(setup: Setup) -> None:
    upload = InParts(setup)
    upload.send(2)
    again = setup.blobs.create_upload(upload.wanted)
    assert again.parts.parts_id == upload.ticket.parts.parts_id
    part = upload.parts[1]
    assert [(p.number, p.size_bytes, p.sha256) for p in again.parts.stored] == [tuple(part)]


@keepers
def test_an_upload_with_missing_parts_stays_invisible(setup: Setup) -> None:
    upload = InParts(setup)
    upload.send(1, 3)
    with pytest.raises(UploadLostError):
        upload.complete()
    with pytest.raises(BlobNotFoundError):
        setup.blobs.create_download(upload.ticket.object_key, "")
    upload.send(2)
    assert upload.complete().stored


@keepers
def test_wrong_bytes_of_a_part_are_refused(setup: Setup) -> None:
    upload = InParts(setup)
    ticket = setup.blobs.create_parts(upload.of, upload.parts[:1])[0]
    assert not setup.put(ticket, LARGE[: PART_BYTES - 1] + bytes([LARGE[PART_BYTES - 1] ^ 1]))
    assert not setup.put(ticket, LARGE[1 : PART_BYTES + 1])
    with pytest.raises(UploadLostError):
        upload.complete()


@keepers
def test_parts_of_no_upload(setup: Setup) -> None:
    upload = InParts(setup)
    unknown = upload.of._replace(parts_id="0123456789abcdef")
    with pytest.raises(UploadLostError):
        setup.blobs.create_parts(unknown, upload.parts, again=True)
    with pytest.raises(UploadLostError):
        setup.blobs.complete_upload(unknown, len(LARGE), upload.wanted.sha256, upload.parts)


def test_who_cannot_send_parts_gets_one_request(setup: Setup) -> None:
    ticket = setup.blobs.create_upload(upload(LARGE))
    assert ticket.method == "PUT"
    assert setup.put(ticket, LARGE)
