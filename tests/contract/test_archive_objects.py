"""What every object storage of an archive promises, on each implementation."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runstream_server.eventlog.archive.errors import ArchiveUnavailableError
from runstream_server.eventlog.archive.folder import FolderObjects
from runstream_server.eventlog.archive.objects import Objects
from runstream_server.eventlog.archive.s3 import S3Objects
from tests.servers.s3 import S3Server


@pytest.fixture(params=["folder", pytest.param("s3", marks=pytest.mark.servers)])
def objects(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Objects]:
    if request.param == "folder":
        made: Objects = FolderObjects(tmp_path / "archive")
    else:
        server: S3Server = request.getfixturevalue("s3")
        made = S3Objects(server.settings(server.new_bucket()), "a/b")
    yield made
    made.close()
    made.close()


def test_an_object_is_written_once(objects: Objects) -> None:
    assert objects.get("x/y/one") is None
    assert objects.put("x/y/one", b"first")
    assert not objects.put("x/y/one", b"second")
    assert objects.get("x/y/one") == b"first"


def test_any_bytes_are_kept(objects: Objects) -> None:
    for name, data in {"empty": b"", "large": os.urandom(3_000_000)}.items():
        assert objects.put(name, data)
        assert objects.get(name) == data


def test_the_names_of_a_folder(objects: Objects) -> None:
    assert objects.names("x") == []
    for name in ("x/2", "x/1", "x/10", "xx/3", "4"):
        objects.put(name, b"")
    assert objects.names("x") == ["1", "10", "2"]
    assert objects.names("x", after="1") == ["10", "2"]
    assert objects.names("x", after="2") == []


def test_of_many_at_once_one_writes(objects: Objects) -> None:
    with ThreadPoolExecutor(8) as pool:
        for index in range(5):
            name = f"x/{index}"
            answers = list(pool.map(lambda n, name=name: objects.put(name, b"%d" % n), range(8)))
            assert any(answers)
            assert objects.get(name) in {b"%d" % n for n, won in enumerate(answers) if won}
    assert len(objects.names("x")) == 5


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ArchiveUnavailableError, match="cannot be used"):
        FolderObjects(tmp_path / "file").put("x", b"")


@pytest.mark.servers
def test_a_server_that_is_away_or_knows_us_not(own_s3: S3Server) -> None:
    settings = own_s3.settings(own_s3.new_bucket(), secret_key="wrong-secret-of-ours")
    with pytest.raises(ArchiveUnavailableError, match="SignatureDoesNotMatch") as caught:
        S3Objects(settings, "a").put("x", b"")
    assert "wrong-secret-of-ours" not in str(caught.value)
    objects = S3Objects(own_s3.settings("no-such-bucket"), "a")
    with pytest.raises(ArchiveUnavailableError, match="NoSuchBucket"):
        objects.get("x")
    own_s3.kill()
    with pytest.raises(ArchiveUnavailableError, match="no connection"):
        objects.names("x")
