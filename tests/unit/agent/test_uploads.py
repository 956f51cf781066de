from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from runstream.agent.destination import Destination
from runstream.agent.mailbox import Mailbox
from runstream.agent.meter import Meters
from runstream.agent.outcome import Failed, Refused
from runstream.agent.upload import Stored, Upload, UploadResult
from runstream.agent.uploads import Uploads, experiment_of, store
from tests.unit.agent.grpc_server import GrpcServer
from tests.unit.agent.helpers import eventually

DATA = b"weights" * 1000


def upload_of(path: Path) -> Upload:
    path.write_bytes(DATA)
    return Upload(
        run_id="ab" * 16,
        experiment_id="0",
        path="model/weights.bin",
        upload_id="cd" * 16,
        source=path,
        size_bytes=len(DATA),
        sha256=hashlib.sha256(DATA).digest(),
    )


def test_a_file_is_stored_once(
    destination: Destination, server: GrpcServer, tmp_path: Path
) -> None:
    upload, sent = upload_of(tmp_path / "blob"), list[int]()
    assert store(destination, upload, sent.append) == Stored("ab" * 16 + "/" + "cd" * 16)
    assert server.objects["ab" * 16 + "/" + "cd" * 16] == DATA
    assert sum(sent) == len(DATA)
    # Asked again after a crash, the bytes may be gone here: they are there.
    again = replace(upload, source=None)
    assert isinstance(store(destination, again, sent.append), Stored)
    assert sum(sent) == len(DATA)


def test_what_can_never_be_stored_is_refused(destination: Destination, tmp_path: Path) -> None:
    upload, ignore = upload_of(tmp_path / "blob"), list[int]().append
    bad = replace(upload, path="../etc")
    result = store(destination, bad, ignore)
    assert isinstance(result, Refused)
    assert result.detail.field == "path"
    for wrong in (
        replace(upload, source=None),
        replace(upload, source=tmp_path / "gone"),
        replace(upload, size_bytes=3),
    ):
        assert isinstance(store(destination, wrong, ignore), Refused)


def test_a_server_that_is_away_is_a_failure(
    destination: Destination, server: GrpcServer, tmp_path: Path, mailbox: Mailbox
) -> None:
    upload = upload_of(tmp_path / "blob")
    uploads, results = Uploads(mailbox, Meters()), list[UploadResult]()
    other = replace(upload, sha256=bytes(32))  # the store answers 400
    uploads.submit(destination, other, lambda result, now: results.append(result))
    eventually(lambda: results, mailbox)
    assert isinstance(results[0], Failed)
    assert "400" in results[0].message
    uploads.close()


def test_the_experiment_is_asked_for(destination: Destination) -> None:
    assert experiment_of(destination, "ab" * 16, 10**9) == "5"
    assert experiment_of(destination, "m-" + "ab" * 16, 10**9) == "6"
