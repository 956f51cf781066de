from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from runstream.agent import transfer
from runstream.agent.transfer import ContentChangedError, TransferError
from runstream.v1 import artifacts_pb2
from tests.unit.agent.grpc_server import GrpcServer

DATA = b"0123456789" * 300_000
DIGEST = hashlib.sha256(DATA).digest()


def ticket(method: str, sha256: bytes = DIGEST) -> artifacts_pb2.Ticket:
    header = artifacts_pb2.Header(name="X-Sha256", value=sha256.hex())
    return artifacts_pb2.Ticket(method=method, url="/blobs/k", headers=[header])


def ignore(count: int) -> None:
    return


def test_bytes_go_up_and_come_down(server: GrpcServer, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(DATA)
    counted: list[int] = []
    transfer.put(
        ticket("PUT"), server.http_address, tmp_path / "a", (len(DATA), DIGEST), counted.append
    )
    assert sum(counted) == len(DATA)
    assert server.objects["k"] == DATA
    target = tmp_path / "deep" / "b"
    transfer.get(ticket("GET"), server.http_address, target, (len(DATA), DIGEST), ignore)
    assert target.read_bytes() == DATA


def test_changed_bytes_are_not_sent_or_not_kept(server: GrpcServer, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(DATA)
    with pytest.raises(ContentChangedError, match="size"):
        transfer.put(ticket("PUT"), server.http_address, tmp_path / "a", (1, DIGEST), ignore)
    other = hashlib.sha256(b"").digest()
    accepted_anyway = ticket("PUT")  # by a store that does not look
    with pytest.raises(ContentChangedError, match="content"):
        transfer.put(
            accepted_anyway, server.http_address, tmp_path / "a", (len(DATA), other), ignore
        )


@pytest.mark.parametrize("expected", [(5, DIGEST), (len(DATA), bytes(32))])
def test_a_damaged_download_leaves_nothing(
    server: GrpcServer, tmp_path: Path, expected: tuple[int, bytes]
) -> None:
    server.objects["k"] = DATA
    with pytest.raises(TransferError, match="came whole"):
        transfer.get(ticket("GET"), server.http_address, tmp_path / "b", expected, ignore)
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_store_is_told(server: GrpcServer, tmp_path: Path) -> None:
    with pytest.raises(TransferError, match="404") as caught:
        transfer.get(ticket("GET"), server.http_address, tmp_path / "b", (1, b""), ignore)
    assert caught.value.status == 404
    with pytest.raises(TransferError, match="did not say"):
        transfer.get(ticket("GET"), "", tmp_path / "b", (1, b""), ignore)
    with pytest.raises(TransferError, match="GET failed"):
        transfer.get(ticket("GET"), "unix:/nowhere", tmp_path / "b", (1, b""), ignore)


@pytest.mark.parametrize(
    ("url", "base", "path", "port"),
    [
        ("/blobs/k", "http://host:5000/prefix", "/prefix/blobs/k", 5000),
        ("https://s3/bucket/k?sig=1", "http://host:5000", "/bucket/k?sig=1", 443),
        ("http://host:81", "", "/", 81),
    ],
)
def test_where_a_ticket_leads(url: str, base: str, path: str, port: int) -> None:
    connection, asked = transfer.connect(url, base)
    assert (asked, connection.port) == (path, port)
