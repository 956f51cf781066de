from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from runstream.agent import transfer
from runstream.agent.access import Access
from runstream.agent.http_way import HttpBase
from runstream.agent.transfer import ContentChangedError, Landing, TransferError
from runstream.v1 import artifacts_pb2
from tests.unit.agent.grpc_server import GrpcServer

DATA = b"0123456789" * 300_000
DIGEST = hashlib.sha256(DATA).digest()


def ticket(method: str, sha256: bytes = DIGEST) -> artifacts_pb2.Ticket:
    header = artifacts_pb2.Header(name="X-Sha256", value=sha256.hex())
    return artifacts_pb2.Ticket(method=method, url="/blobs/k", headers=[header])


def ignore(count: int) -> None:
    return


def put(server: GrpcServer, path: Path, sha256: bytes, progress: transfer.Progress) -> None:
    with open(path, "rb") as file:
        transfer.put(ticket("PUT"), HttpBase(server.http_address), file, sha256, progress)


def land(
    base: HttpBase, target: Path, expected: tuple[int, bytes], progress: transfer.Progress = ignore
) -> None:
    with Landing(target, expected, progress) as landing:
        landing.fetch(ticket("GET"), base)


def test_bytes_go_up_and_come_down(server: GrpcServer, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(DATA)
    up, down = list[int](), list[int]()
    put(server, tmp_path / "a", DIGEST, up.append)
    assert sum(up) == len(DATA)
    assert server.objects["k"] == DATA
    target = tmp_path / "deep" / "b"
    land(HttpBase(server.http_address), target, (len(DATA), DIGEST), down.append)
    assert sum(down) == len(DATA)
    assert target.read_bytes() == DATA
    assert [path.name for path in target.parent.iterdir()] == ["b"]


def test_a_piece_goes_up(server: GrpcServer, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(DATA)
    piece = DATA[1000:2000]
    allowed = ticket("PUT", hashlib.sha256(piece).digest())
    with open(tmp_path / "a", "rb") as file:
        source = (file.fileno(), 1000, 1000)
        transfer.put_range(allowed, HttpBase(server.http_address), source, ignore)
        assert server.objects["k"] == piece
        beyond = (file.fileno(), len(DATA) - 10, 20)
        with pytest.raises(ContentChangedError, match="shorter"):
            transfer.put_range(allowed, HttpBase(server.http_address), beyond, ignore)


def test_changed_bytes_are_not_taken(server: GrpcServer, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(DATA)
    with pytest.raises(ContentChangedError, match="content"):  # of a store that does not look
        put(server, tmp_path / "a", bytes(32), ignore)


@pytest.mark.parametrize("expected", [(5, DIGEST), (len(DATA), bytes(32))])
def test_a_damaged_download_leaves_nothing(
    server: GrpcServer, tmp_path: Path, expected: tuple[int, bytes]
) -> None:
    server.objects["k"] = DATA
    with pytest.raises(ContentChangedError, match="not those"):
        land(HttpBase(server.http_address), tmp_path / "b", expected)
    assert list(tmp_path.iterdir()) == []


def test_a_download_goes_on_where_it_broke_off(server: GrpcServer, tmp_path: Path) -> None:
    server.objects["k"] = DATA
    server.cut_after = 1_000_000
    counted: list[int] = []
    with Landing(tmp_path / "b", (len(DATA), DIGEST), counted.append) as landing:
        with pytest.raises(TransferError, match="1000000 of 3000000"):
            landing.fetch(ticket("GET"), HttpBase(server.http_address))
        assert not (tmp_path / "b").exists()
        landing.fetch(ticket("GET"), HttpBase(server.http_address))
    assert (tmp_path / "b").read_bytes() == DATA
    assert sum(counted) == len(DATA)
    assert server.ranges == ["", "bytes=1000000-"]


def test_a_store_without_ranges_begins_anew(server: GrpcServer, tmp_path: Path) -> None:
    server.objects["k"] = DATA
    server.cut_after, server.takes_ranges = 1_000_000, False
    counted: list[int] = []
    with Landing(tmp_path / "b", (len(DATA), DIGEST), counted.append) as landing:
        with pytest.raises(TransferError):
            landing.fetch(ticket("GET"), HttpBase(server.http_address))
        landing.fetch(ticket("GET"), HttpBase(server.http_address))
    assert (tmp_path / "b").read_bytes() == DATA
    assert sum(counted) == len(DATA)


def test_an_error_of_the_store_is_told(server: GrpcServer, tmp_path: Path) -> None:
    with pytest.raises(TransferError, match="404") as caught:
        land(HttpBase(server.http_address), tmp_path / "b", (1, b""))
    assert caught.value.status == 404
    with pytest.raises(TransferError, match="did not say"):
        land(HttpBase(""), tmp_path / "b", (1, b""))
    with pytest.raises(TransferError, match="GET failed"):
        land(HttpBase("unix:/nowhere"), tmp_path / "b", (1, b""))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "base", "path", "port"),
    [
        ("/blobs/k", "http://host:5000/prefix", "/prefix/blobs/k", 5000),
        ("https://s3/bucket/k?sig=1", "http://host:5000", "/bucket/k?sig=1", 443),
        ("http://host:81", "", "/", 81),
    ],
)
def test_where_a_ticket_leads(url: str, base: str, path: str, port: int) -> None:
    access = Access(authorization="Bearer secret")
    connection, asked, headers = transfer.connect(url, HttpBase(base, access))
    assert (asked, connection.port) == (path, port)
    # Another store gets no credentials of ours.
    assert bool(headers) == url.startswith("/")
