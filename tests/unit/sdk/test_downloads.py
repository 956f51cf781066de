"""Listing and fetching artifacts: addresses, places, what the agent is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

import runstream
from runstream._downloads import Place, place_of
from runstream.entities import FileInfo
from runstream.exceptions import MlflowException
from runstream.v1 import spool_pb2, tracking_pb2
from tests.unit.sdk.fakes import FakeAgent

RUN = "12" * 16


def listing(root: str, *files: tracking_pb2.FileInfo) -> tracking_pb2.ListArtifactsResponse:
    return tracking_pb2.ListArtifactsResponse(root_uri=root, files=files)


@pytest.mark.parametrize(
    ("uri", "place"),
    [
        (f"runs:/{RUN}/a/b.txt", Place(RUN, "a/b.txt")),
        (f"runs:/{RUN}", Place(RUN, "")),
        (f"runs:/{RUN}/", Place(RUN, "")),
        (f"runs://{RUN}/a", Place(RUN, "a")),
        (f"mlflow-artifacts:/3/{RUN}/artifacts/m%20x/y", Place(RUN, "m x/y")),
        (f"mlflow-artifacts:/3/{RUN}/artifacts", Place(RUN, "")),
        (f"s3://bucket/team/{RUN}/artifacts/m%20x/y", Place(RUN, "m x/y")),
        (f"s3://bucket/{RUN}/artifacts", Place(RUN, "")),
        ("file:///a", None),
        ("/a", None),
    ],
)
def test_places(uri: str, place: Place | None) -> None:
    assert place_of(uri) == place


@pytest.mark.parametrize(
    "uri", [f"mlflow-artifacts:/3/{RUN}", "runs:/", f"runs:/{RUN}/../x", "s3://bucket/x"]
)
def test_refused_places(uri: str) -> None:
    with pytest.raises(MlflowException):
        place_of(uri)


def test_listing(agent: FakeAgent) -> None:
    agent.answer(
        "Query/ListArtifacts",
        listing(
            f"mlflow-artifacts:/0/{RUN}/artifacts",
            tracking_pb2.FileInfo(path="d", is_dir=True),
            tracking_pb2.FileInfo(path="f", file_size=0),
        ),
    )
    expected = [FileInfo("d", True, None), FileInfo("f", False, 0)]
    assert runstream.artifacts.list_artifacts(run_id=RUN) == expected
    assert runstream.artifacts.list_artifacts(f"runs:/{RUN}/x/") == expected
    assert runstream.MlflowClient().list_artifacts(RUN, "x") == expected
    paths = [
        tracking_pb2.ListArtifactsRequest.FromString(content).path
        for content in agent.asked("Query/ListArtifacts")
    ]
    assert paths == ["", "x", "x"]


def test_downloading(agent: FakeAgent, tmp_path: Path) -> None:
    agent.answer("Query/ListArtifacts", listing(f"mlflow-artifacts:/0/{RUN}/artifacts"))
    agent.answer("download", spool_pb2.AgentResponse())
    fetched = runstream.artifacts.download_artifacts(f"runs:/{RUN}/m/x", dst_path=tmp_path / "new")
    assert fetched == str(tmp_path / "new" / "m" / "x")
    request = spool_pb2.AgentDownload.FromString(agent.asked("download")[0])
    assert (request.run_id, request.path) == (RUN, "m/x")
    assert request.destination == str(tmp_path / "new")
    assert (tmp_path / "new").is_dir()
    whole = runstream.MlflowClient().download_artifacts(RUN, "")
    assert Path(whole).is_dir()


def test_what_is_not_there(agent: FakeAgent) -> None:
    agent.answer("Query/ListArtifacts", listing(""))
    agent.refuse("download", "RESOURCE_DOES_NOT_EXIST", "no artifact 'x'")
    with pytest.raises(MlflowException, match="no artifact 'x'"):
        runstream.artifacts.download_artifacts(run_id=RUN, artifact_path="x")


def test_artifacts_in_a_folder_of_this_machine(agent: FakeAgent, tmp_path: Path) -> None:
    root = tmp_path / "store" / RUN / "artifacts"
    (root / "d").mkdir(parents=True)
    (root / "d" / "f").write_text("F")
    agent.answer("Query/ListArtifacts", listing(f"file://{root}"))
    client = runstream.MlflowClient()
    assert client.list_artifacts(RUN) == [FileInfo("d", True, None)]
    assert client.list_artifacts(RUN, "d") == [FileInfo("d/f", False, 1)]
    assert client.list_artifacts(RUN, "d/f") == []
    assert Path(client.download_artifacts(RUN, "d/f")).read_text() == "F"
    assert (Path(client.download_artifacts(RUN, "d", tmp_path / "to")) / "f").read_text() == "F"
    with pytest.raises(MlflowException, match="no artifact"):
        client.download_artifacts(RUN, "nope")


def test_files_by_address(agent: FakeAgent, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("F")
    uri = f"file://{tmp_path}/f"
    assert runstream.artifacts.download_artifacts(uri) == str(tmp_path / "f")
    copied = runstream.artifacts.download_artifacts(uri, dst_path=tmp_path / "to")
    assert Path(copied).read_text() == "F"
    assert not agent.requests


def test_arguments_that_contradict(agent: FakeAgent) -> None:
    fetch = runstream.artifacts.download_artifacts
    for arguments in ({}, {"artifact_uri": "runs:/x", "run_id": RUN}, {"artifact_path": "x"}):
        with pytest.raises(MlflowException, match="Exactly one"):
            fetch(**arguments)
    with pytest.raises(MlflowException, match="known are"):
        fetch("s3://bucket/x")
    with pytest.raises(MlflowException, match="Exactly one"):
        runstream.artifacts.list_artifacts()
