"""What is particular to S3: tickets, errors in sentences, the reaper, the doctor's questions."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlsplit

import pytest

from runstream.v1 import artifacts_pb2 as artifacts
from runstream_server.blobs.port import StoreUnavailableError, Upload
from runstream_server.blobs.reaper import Reaped, reap
from runstream_server.blobs.s3 import VALID_SECONDS, S3Blobs
from runstream_server.blobs.s3_probe import faults
from tests.servers.ports import free_port
from tests.servers.s3 import S3Server
from tests.servers.tcp_proxy import TcpProxy
from tests.servers.tickets import follow, request

CONTENT = b"weights" * 100


def upload(content: bytes = CONTENT, in_parts: bool = False, size: int = -1) -> Upload:
    return Upload(
        run_id="ab" * 16,
        experiment_id="1",
        path="x",
        upload_id=os.urandom(16).hex(),
        size_bytes=len(content) if size < 0 else size,
        sha256=hashlib.sha256(content).digest(),
        in_parts=in_parts,
    )


@pytest.fixture
def blobs(s3: S3Server) -> S3Blobs:
    return S3Blobs(s3.settings(s3.new_bucket()))


def header(ticket: artifacts.Ticket, name: str, value: str) -> artifacts.Ticket:
    changed = artifacts.Ticket()
    changed.CopyFrom(ticket)
    for each in changed.headers:
        if each.name == name:
            each.value = value
    return changed


def url(ticket: artifacts.Ticket, change: Callable[[str], str]) -> artifacts.Ticket:
    changed = artifacts.Ticket()
    changed.CopyFrom(ticket)
    changed.url = change(ticket.url)
    assert changed.url != ticket.url
    return changed


def test_forged_tickets_are_refused(blobs: S3Blobs) -> None:
    ticket = blobs.create_upload(upload())
    other = upload().upload_id
    forged = [
        url(ticket, lambda text: text[:-1] + ("0" if text[-1] != "0" else "1")),
        url(ticket, lambda text: text.replace(ticket.object_key[-32:], other)),
        url(ticket, lambda text: text.replace("X-Amz-Expires=3600", "X-Amz-Expires=7200")),
        url(ticket, lambda text: text.replace("/artifacts/", "/artifacts/../")),
        header(ticket, "x-amz-checksum-sha256", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
        header(ticket, "x-amz-meta-runstream-sha256", "00"),
    ]
    for each in forged:
        assert follow(each, CONTENT)[0] in (400, 403), each.url
    without = request("PUT", ticket.url, CONTENT, {})
    assert without[0] in (400, 403), "the checksum cannot be left out"
    assert request("DELETE", ticket.url, None, {})[0] in (400, 403)
    assert follow(ticket, CONTENT)[0] == 200


def test_expired_tickets_are_refused(s3: S3Server) -> None:
    long_ago = datetime.now(timezone.utc) - timedelta(seconds=VALID_SECONDS + 60)
    old = S3Blobs(s3.settings(s3.new_bucket()), lambda: long_ago)
    wanted = upload()
    ticket = old.create_upload(wanted)
    assert ticket.expires_ms < datetime.now(timezone.utc).timestamp() * 1000
    assert follow(ticket, CONTENT)[0] == 403
    assert not old.create_upload(wanted).stored


def test_a_download_has_the_name_of_the_file(blobs: S3Blobs) -> None:
    ticket = blobs.create_upload(upload())
    follow(ticket, CONTENT)
    for name in ("ü 日本.bin", 'a"; x="b', "../../etc/passwd", ""):
        assert follow(blobs.create_download(ticket.object_key, name)) == (200, CONTENT)


def test_tickets_lead_to_the_public_endpoint(s3: S3Server) -> None:
    proxy = TcpProxy(int(s3.endpoint.rpartition(":")[2]))
    blobs = S3Blobs(s3.settings(s3.new_bucket(), public_endpoint=proxy.endpoint))
    ticket = blobs.create_upload(upload())
    assert urlsplit(ticket.url).port == proxy.port
    assert follow(ticket, CONTENT)[0] == 200
    proxy.close()


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"bucket": "no-such-bucket"}, "there is no bucket 'no-such-bucket'"),
        ({"access_key": "nobody"}, "the access key is not known there"),
        ({"secret_key": "another-secret"}, "the secret key is another one there"),
        ({"endpoint": "closed"}, "there is no connection"),
        ({"region": "mars-1"}, "RUNSTREAM_S3_REGION"),
    ],
)
def test_what_is_wrong_is_said(s3: S3Server, wrong: dict[str, Any], sentence: str) -> None:
    if "endpoint" in wrong:
        wrong = {"endpoint": f"http://127.0.0.1:{free_port()}"}
    settings = s3.settings(**{"bucket": s3.new_bucket(), **wrong})
    blobs = S3Blobs(settings)
    with pytest.raises(StoreUnavailableError, match=sentence) as caught:
        blobs.check()
    assert settings.secret_key not in str(caught.value)
    (fault,) = faults(settings)
    assert sentence in fault
    with pytest.raises(StoreUnavailableError):
        blobs.create_upload(upload(in_parts=True, size=100_000_000))
    with pytest.raises(StoreUnavailableError):
        blobs.create_download(f"{'ab' * 16}/{'cd' * 16}", "")


def test_a_server_that_fits_has_no_faults(s3: S3Server) -> None:
    bucket = s3.new_bucket()
    assert faults(s3.settings(bucket, prefix="a/b")) == []
    assert list(s3.client().list_objects(bucket_name=bucket, recursive=True)) == []


def test_a_public_endpoint_that_leads_nowhere_is_a_fault(s3: S3Server) -> None:
    public = f"http://127.0.0.1:{free_port()}"
    (fault,) = faults(s3.settings(s3.new_bucket(), public_endpoint=public))
    assert f"{public} cannot be used: there is no connection" in fault


def test_only_old_uploads_below_our_prefix_are_reaped(s3: S3Server) -> None:
    bucket = s3.new_bucket()
    ours, others = (S3Blobs(s3.settings(bucket, prefix=prefix)) for prefix in ("ours", "others"))
    for blobs in (ours, others):
        blobs.create_upload(upload(in_parts=True, size=100_000_000))
    assert reap(ours, keep_hours=1) == Reaped(0, 0)
    later = datetime.now(timezone.utc) + timedelta(hours=2)
    assert reap(ours, keep_hours=1, now=lambda: later) == Reaped(1, 0)
    assert reap(ours, keep_hours=1, now=lambda: later) == Reaped(0, 0)
    assert len(others.begun_before(later)) == 1
