from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest

from runstream.agent.destination import Destination
from runstream.agent.downloads import Download, DownloadError
from runstream.v1 import tracking_pb2
from tests.unit.agent.grpc_server import GrpcServer


def put(server: GrpcServer, path: str, data: bytes) -> None:
    server.objects[f"key/{path}"] = data
    server.files.append(
        tracking_pb2.FileInfo(
            path=path,
            file_size=len(data),
            object_key=f"key/{path}",
            sha256=hashlib.sha256(data).digest(),
        )
    )


def download(destination: Destination, target: Path, path: str) -> Download:
    return Download(destination, "ab" * 16, path, target, time.monotonic() + 10)


def nothing(done: int, total: int) -> None:
    return


def test_a_folder_a_file_and_everything(
    destination: Destination, server: GrpcServer, tmp_path: Path
) -> None:
    put(server, "a/one", b"1")
    put(server, "a/b/two", b"22")
    put(server, "three", b"333")
    assert download(destination, tmp_path / "x", "a").run(nothing) == tmp_path / "x" / "a"
    assert (tmp_path / "x/a/one").read_bytes() == b"1"
    assert (tmp_path / "x/a/b/two").read_bytes() == b"22"
    assert not (tmp_path / "x/three").exists()
    assert download(destination, tmp_path / "y", "a/b/two").run(nothing) == tmp_path / "y/a/b/two"
    seen = list[tuple[int, int]]()
    whole = download(destination, tmp_path / "z", "")
    assert whole.run(lambda done, total: seen.append((done, total))) == tmp_path / "z"
    assert (tmp_path / "z/three").read_bytes() == b"333"
    assert sum(done for done, _ in seen) == seen[0][1] == 6


def test_nothing_there(destination: Destination, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="no artifact") as caught:
        download(destination, tmp_path, "missing").run(nothing)
    assert caught.value.error_code == "RESOURCE_DOES_NOT_EXIST"
    assert download(destination, tmp_path / "empty", "").run(nothing).is_dir()


def test_a_server_cannot_write_outside(
    destination: Destination, server: GrpcServer, tmp_path: Path
) -> None:
    put(server, "../evil", b"1")
    with pytest.raises(DownloadError, match="bad artifact path"):
        download(destination, tmp_path / "in", "").run(nothing)
    assert not (tmp_path / "evil").exists()


def test_a_damaged_answer_leaves_no_file(
    destination: Destination, server: GrpcServer, tmp_path: Path
) -> None:
    put(server, "one", b"1")
    server.objects["key/one"] = b"2"
    with pytest.raises(DownloadError, match="one"):
        download(destination, tmp_path, "one").run(nothing)
    assert list(tmp_path.iterdir()) == []
