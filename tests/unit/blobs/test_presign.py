"""Signatures, against the client library's own."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from urllib.parse import urlsplit

from minio.credentials.credentials import Credentials
from minio.signer import presign_v4

from runstream_server.blobs.presign import Identity, Place, Signed, presigned_url

NOW = datetime(2013, 5, 24, tzinfo=timezone.utc)
EXAMPLE = Identity("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
PLACE = Place("http://host:9000", "us-east-1", "bucket", "a b/ü+.bin")


def test_the_secret_shows_nowhere() -> None:
    identity = Identity("key", "secret-1", "token-1")
    assert "secret-1" not in repr(identity)
    assert "token-1" not in repr(identity)
    assert "secret-1" not in presigned_url(PLACE, Signed("GET"), identity, NOW, 60)


def test_the_same_as_the_client_library() -> None:
    path = "http://host:9000/bucket/a%20b/%C3%BC%2B.bin?partNumber=1&uploadId=x%2Fy"
    theirs = presign_v4(
        method="PUT",
        url=urlsplit(path),
        region="eu-x",
        credentials=Credentials(access_key=EXAMPLE.access_key, secret_key=EXAMPLE.secret_key),
        date=NOW,
        expires=99,
    )
    ours = presigned_url(
        replace(PLACE, region="eu-x"),
        Signed("PUT", {"uploadId": "x/y", "partNumber": "1"}),
        EXAMPLE,
        NOW,
        99,
    )
    assert urlsplit(ours).path == theirs.path
    assert sorted(urlsplit(ours).query.split("&")) == sorted(theirs.query.split("&"))


def test_headers_are_part_of_what_is_signed() -> None:
    def url(value: str) -> str:
        return presigned_url(PLACE, Signed("PUT", headers={"X-Amz-Meta-A": value}), EXAMPLE, NOW, 9)

    assert "X-Amz-SignedHeaders=host%3Bx-amz-meta-a" in url("1")
    assert url("1").rpartition("=")[2] != url("2").rpartition("=")[2]
    assert url("1") == url(" 1 ")


def test_a_port_that_goes_without_saying() -> None:
    def signature(endpoint: str) -> str:
        place = Place(endpoint, "r", "bucket", "name")
        return presigned_url(place, Signed("GET"), EXAMPLE, NOW, 9).rpartition("=")[2]

    assert signature("https://host:443") == signature("https://host")
    assert signature("http://host:443") != signature("http://host")
