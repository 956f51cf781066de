"""The folder of artifacts: plain files for people, nothing outside of it."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from runstream_server.blobs.local import URL_PREFIX, LocalBlobs, UploadError
from runstream_server.blobs.port import Upload
from runstream_server.blobs.tickets import VALID_MS, TicketError

RUN = "a" * 32


def upload(content: bytes, path: str = "dir/file.txt") -> Upload:
    digest = hashlib.sha256(content).digest()
    return Upload(RUN, "7", path, os.urandom(16).hex(), len(content), digest)


def put(blobs: LocalBlobs, wanted: Upload, content: bytes) -> None:
    ticket = blobs.create_upload(wanted)
    incoming = blobs.receive(ticket.url.removeprefix(URL_PREFIX))
    try:
        incoming.write(content)
        incoming.finish()
    finally:
        incoming.close()


def named(folder: Path, path: str = "dir/file.txt") -> Path:
    return folder / "7" / RUN / "artifacts" / path


def test_the_newest_whole_object_has_the_name(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    put(blobs, upload(b"old"), b"old")
    put(blobs, upload(b"newer"), b"newer")
    assert named(tmp_path).read_bytes() == b"newer"
    with pytest.raises(UploadError):
        put(blobs, replace(upload(b"promised"), size_bytes=8), b"other")
    assert named(tmp_path).read_bytes() == b"newer"
    assert not list((tmp_path / ".incoming").iterdir())


def test_a_name_that_cannot_be_made_costs_no_bytes(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    put(blobs, upload(b"file", "a"), b"file")
    below = upload(b"below", "a/b")
    put(blobs, below, b"below")
    assert blobs.create_upload(below).stored
    assert named(tmp_path, "a").read_bytes() == b"file"


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    root, outside = tmp_path / "artifacts", tmp_path / "outside"
    outside.mkdir()
    blobs = LocalBlobs(root)
    (root / "7" / RUN).mkdir(parents=True)
    (root / "7" / RUN / "artifacts").symlink_to(outside)
    put(blobs, upload(b"x"), b"x")
    assert not any(path.is_file() for path in outside.rglob("*"))


def test_without_an_experiment_there_is_no_name(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    wanted = replace(upload(b"x"), experiment_id="")
    put(blobs, wanted, b"x")
    assert blobs.create_upload(wanted).stored
    assert sorted(path.name for path in tmp_path.iterdir()) == [".incoming", ".objects"]


def test_a_stored_object_gets_a_name_that_was_missing(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    wanted = upload(b"x")
    put(blobs, replace(wanted, experiment_id=""), b"x")
    blobs.create_upload(wanted)
    assert named(tmp_path).read_bytes() == b"x"


def test_what_a_dead_process_left_is_removed(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    left = blobs.receive(blobs.create_upload(upload(b"x")).url.removeprefix(URL_PREFIX))
    left.write(b"x")
    assert list((tmp_path / ".incoming").iterdir())
    LocalBlobs(tmp_path)
    assert not list((tmp_path / ".incoming").iterdir())
    left.close()


def test_tickets_are_for_one_purpose_and_time(tmp_path: Path) -> None:
    now = [1_000_000]
    blobs = LocalBlobs(tmp_path, now_ms=lambda: now[0])
    ticket = blobs.create_upload(upload(b"x"))
    token = ticket.url.removeprefix(URL_PREFIX)
    assert ticket.expires_ms == now[0] + VALID_MS
    with pytest.raises(TicketError, match="for PUT"):
        blobs.open(token)
    now[0] += VALID_MS + 1
    with pytest.raises(TicketError, match="expired"):
        blobs.receive(token)


def test_a_file_that_changed_its_size_is_not_sent(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    wanted = upload(b"content")
    put(blobs, wanted, b"content")
    ticket = blobs.create_download(f"{RUN}/{wanted.upload_id}", "f")
    named(tmp_path).write_bytes(b"changed behind our back")
    with pytest.raises(UploadError, match="23 bytes and had 7"):
        blobs.open(ticket.url.removeprefix(URL_PREFIX))
