"""Files from an agent to a real S3 server, through a network that breaks."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from dataclasses import replace

import pytest

from runstream.agent.outcome import Failed, Refused
from runstream.agent.upload import Stored, Upload
from runstream.agent.uploads import store, store_now
from runstream_server.blobs import port
from runstream_server.blobs.parts import PART_BYTES, Part
from runstream_server.blobs.reaper import Reaped, reap
from tests.integration.artifacts.conftest import MIB, Site
from tests.servers.s3 import S3Server
from tests.servers.tickets import follow


def ignore(count: int) -> None:
    return


class GoneError(Exception):
    """Whoever waited for the upload is gone."""


class GoneAfter:
    """A progress that gives the upload up after so many bytes."""

    def __init__(self, most_bytes: int) -> None:
        self.left = most_bytes

    def __call__(self, count: int) -> None:
        self.left -= count
        if self.left < 0:
            raise GoneError


class Restarted:
    """A progress that kills the store after so many bytes, and starts it again a little later."""

    def __init__(self, server: S3Server, after_bytes: int) -> None:
        self._server, self._left = server, after_bytes
        self._starting = threading.Timer(0.5, server.start)

    def __call__(self, count: int) -> None:
        self._left -= count
        if self._left < 0 and self._starting.ident is None:
            self._server.kill()
            self._starting.start()

    def join(self) -> None:
        """It was killed, and answers again."""
        self._starting.join()


def as_asked(upload: Upload) -> port.Upload:
    """The same, as the service asks its store."""
    return port.Upload(
        run_id=upload.run_id,
        experiment_id=upload.experiment_id,
        path=upload.path,
        upload_id=upload.upload_id,
        size_bytes=upload.size_bytes,
        sha256=upload.sha256,
        in_parts=True,
    )


def content(upload: Upload) -> bytes:
    assert upload.source is not None
    return upload.source.read_bytes()


def test_small_files_go_in_one_request(site: Site) -> None:
    for size in (0, 1, 100_000, PART_BYTES):
        upload = site.file(size)
        result = store(site.destination, upload, ignore)
        assert result == Stored(f"{upload.run_id}/{upload.upload_id}")
        assert site.stored(result.object_key) == content(upload)


def test_a_large_file_goes_in_parts(site: Site) -> None:
    upload, sent = site.file(5 * PART_BYTES + 12_345), list[int]()
    result = store(site.destination, upload, sent.append)
    assert isinstance(result, Stored)
    assert site.stored(result.object_key) == content(upload)
    assert sum(sent) == upload.size_bytes
    # Asked again after a crash, the bytes may be gone here: they are there.
    assert store(site.destination, replace(upload, source=None), ignore) == result


def test_a_cut_costs_no_more_than_what_was_under_way(site: Site) -> None:
    upload, sent = site.file(8 * PART_BYTES), list[int]()
    site.proxy.cut_after(5 * PART_BYTES)
    result = store(site.destination, upload, sent.append)
    assert isinstance(result, Stored)
    assert site.proxy.cuts == 1
    assert site.proxy.bytes_up < upload.size_bytes + PART_BYTES + MIB
    assert sum(sent) == upload.size_bytes
    assert site.stored(result.object_key) == content(upload)


def test_another_agent_sends_only_the_missing_parts(site: Site) -> None:
    upload = site.file(8 * PART_BYTES)
    with pytest.raises(GoneError):
        store(site.destination, upload, GoneAfter(6 * PART_BYTES))
    assert site.objects() == [], "nothing is visible before it is whole"
    before = site.proxy.bytes_up
    ticket = site.blobs.create_upload(as_asked(upload))
    there = sum(part.size_bytes for part in ticket.parts.stored)
    assert there >= 2 * PART_BYTES
    assert isinstance(store(site.destination, upload, ignore), Stored)
    # A little of what was abandoned may have been on its way.
    assert site.proxy.bytes_up - before < upload.size_bytes - there + PART_BYTES
    assert site.blobs.create_upload(as_asked(upload)).stored


def test_a_store_that_is_killed_and_started_again(own_site: Site) -> None:
    site = own_site
    upload = site.file(8 * PART_BYTES)
    server = Restarted(site.server, 4 * PART_BYTES)
    result = store_now(site.destination, upload, time.monotonic() + 60, server)
    server.join()
    assert isinstance(result, Stored)
    assert site.stored(result.object_key) == content(upload)


def test_a_file_that_is_not_what_was_logged(site: Site) -> None:
    for size in (1000, 3 * PART_BYTES):
        upload = site.file(size)
        wrong = replace(upload, sha256=bytes(32))
        result = store(site.destination, wrong, ignore)
        # The store refuses a small one, the agent compares a large one.
        assert isinstance(result, Refused | Failed)
        assert upload.source is not None
        os.truncate(upload.source, size - 1)
        assert isinstance(store(site.destination, upload, ignore), Refused)
    assert site.objects() == []


def test_an_upload_that_was_reaped_begins_again(site: Site) -> None:
    upload = site.file(4 * PART_BYTES)
    ticket = site.blobs.create_upload(as_asked(upload))
    assert reap(site.blobs, keep_hours=-1) == Reaped(1, 0)
    of = port.PartsOf(upload.run_id, upload.upload_id, ticket.parts.parts_id)
    part = Part(1, 1, hashlib.sha256(b"x").digest())
    assert follow(site.blobs.create_parts(of, [part])[0], b"x")[0] == 404
    with pytest.raises(port.UploadLostError):
        site.blobs.create_parts(of, [part], again=True)
    assert isinstance(store(site.destination, upload, ignore), Stored)


def test_an_upload_that_is_reaped_under_way_ends_soon(site: Site) -> None:
    upload = site.file(8 * PART_BYTES)
    reaped = threading.Event()

    def reap_once(count: int) -> None:
        if not reaped.is_set():
            reaped.set()
            reap(site.blobs, keep_hours=-1)

    result = store_now(site.destination, upload, time.monotonic() + 60, reap_once)
    assert isinstance(result, Stored), "begun again, as after every failure"
