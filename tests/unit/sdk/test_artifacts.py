"""Artifacts: bytes at the time of the call, in the spool, uploaded, in a folder."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import pytest

import runstream
from runstream import _blobs
from runstream._artifact_text import dict_as_text
from runstream.exceptions import MlflowException
from runstream.v1 import ingest_pb2, spool_pb2, tracking_pb2
from tests.unit.sdk.fakes import FakeAgent, spooled

pytestmark = pytest.mark.usefixtures("agent")


def logged() -> dict[str, bytes]:
    """Path → content of everything in the spool, checked against size and checksum."""
    found = {}
    for _, artifact, blob in spooled().artifacts:
        content = blob.read_bytes()
        assert artifact.size_bytes == len(content)
        assert artifact.sha256 == hashlib.sha256(content).digest()
        assert artifact.upload_id == blob.name
        assert artifact.time_ms > 0
        found[artifact.path] = content
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "out"
    (root / "deep" / "empty").mkdir(parents=True)
    (root / "a.txt").write_bytes(b"A")
    (root / "deep" / "b.bin").write_bytes(bytes(3_000_000))
    return root


def test_a_file(folder: Path) -> None:
    runstream.log_artifact(folder / "a.txt")
    runstream.log_artifact(str(folder / "a.txt"), "models/x")
    assert logged() == {"a.txt": b"A", "models/x/a.txt": b"A"}


def test_the_bytes_are_those_of_the_call(folder: Path) -> None:
    runstream.log_artifact(folder / "a.txt")
    (folder / "a.txt").write_bytes(b"changed")
    assert logged() == {"a.txt": b"A"}


def test_folders(folder: Path) -> None:
    runstream.log_artifacts(folder, "all")
    runstream.log_artifact(folder)
    assert sorted(logged()) == ["all/a.txt", "all/deep/b.bin", "out/a.txt", "out/deep/b.bin"]


def test_text_and_dictionaries() -> None:
    runstream.log_text("grün", "t.txt")
    runstream.log_dict({"b": 1, "a": [2]}, "d.json")
    runstream.log_dict({"b": 1}, "d.unknown")
    found = logged()
    assert found["t.txt"] == "grün".encode()
    assert found["d.json"] == b'{\n  "b": 1,\n  "a": [\n    2\n  ]\n}'
    assert json.loads(found["d.unknown"]) == {"b": 1}
    with pytest.raises(MlflowException, match="no form as text"):
        runstream.log_dict({"a": object()}, "d.json")


def test_yaml_is_json_without_pyyaml(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert json.loads(dict_as_text({"a": 1}, "x.yml")) == {"a": 1}


def test_what_cannot_be_read_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        runstream.log_artifact(tmp_path / "nothing")
    with pytest.raises(NotADirectoryError):
        runstream.log_artifacts(tmp_path / "nothing")
    with pytest.raises(MlflowException, match="Invalid path"):
        runstream.log_text("x", "../x")
    assert logged() == {}


def test_large_files_are_uploaded_by_the_call(
    agent: FakeAgent, folder: Path, fresh: pytest.MonkeyPatch
) -> None:
    fresh.setenv("RUNSTREAM_SPOOL_ARTIFACT_MAX", "1 KiB")
    agent.answer("upload", spool_pb2.AgentResponse(response=b"key"))
    runstream.log_artifacts(folder)
    (content,) = agent.asked("upload")
    upload = spool_pb2.AgentUpload.FromString(content)
    assert upload.source == str(folder / "deep" / "b.bin")
    assert upload.size_bytes == 3_000_000
    small, large = spooled().artifacts
    assert small[1].blob
    assert large[1].blob == ""
    assert large[1].upload_id == upload.upload_id
    assert large[1].sha256 == upload.sha256 == hashlib.sha256(bytes(3_000_000)).digest()


def test_a_large_file_with_the_server_away(folder: Path, fresh: pytest.MonkeyPatch) -> None:
    fresh.setenv("RUNSTREAM_SPOOL_ARTIFACT_MAX", "1 KiB")
    with pytest.raises(MlflowException, match=r"SPOOL_ARTIFACT_MAX is 1024 bytes") as error:
        runstream.log_artifact(folder / "deep" / "b.bin")
    assert error.value.error_code == "RESOURCE_EXHAUSTED"
    assert spooled().artifacts == []


def test_all_that_waits_has_a_limit(
    agent: FakeAgent, folder: Path, fresh: pytest.MonkeyPatch
) -> None:
    fresh.setenv("RUNSTREAM_SPOOL_ARTIFACT_TOTAL_MAX", "4 MB".replace("MB", "MiB"))
    agent.answer("upload", spool_pb2.AgentResponse())
    runstream.log_artifact(folder / "deep" / "b.bin")
    runstream.log_artifact(folder / "deep" / "b.bin")
    assert len(agent.asked("upload")) == 1


def test_a_folder_of_the_experiment_is_written_directly(
    agent: FakeAgent, folder: Path, tmp_path: Path
) -> None:
    location = f"file://{tmp_path}/store"
    agent.answer(
        "Ingest/EnsureExperiment",
        ingest_pb2.ExperimentResponse(
            experiment=tracking_pb2.Experiment(
                experiment_id="4", name="x", artifact_location=location, lifecycle_stage="active"
            )
        ),
    )
    runstream.set_experiment("x")
    with runstream.start_run() as run:
        runstream.log_artifact(folder, "in")
        runstream.log_text("T", "t/t.txt")
        assert runstream.get_artifact_uri("t") == f"{location}/{run.info.run_id}/artifacts/t"
    root = tmp_path / "store" / run.info.run_id / "artifacts"
    assert (root / "in" / "out" / "a.txt").read_bytes() == b"A"
    assert (root / "t" / "t.txt").read_text() == "T"
    assert spooled().artifacts == []


def test_a_copy_that_fails_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "blobs"
    with pytest.raises(OSError, match="Is a directory"):
        _blobs.store_file(tmp_path, folder, "x")
    _blobs.store_bytes(b"1", folder, "y")
    with pytest.raises(FileExistsError):
        _blobs.store_bytes(b"2", folder, "y")
    assert [file.name for file in folder.iterdir()] == ["y"]
    assert _blobs.waiting_bytes(folder) == 1
    assert _blobs.waiting_bytes(tmp_path / "none") == 0
